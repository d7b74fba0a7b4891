import { lightOf } from './background.ts';
import { pasteEnd, pasteStart, type Token } from './tokenizer.ts';

export type RawInput = { key: string } | { characters: string };

/** Known sequences; others do nothing. */
const sequences: ReadonlyMap<string, string> = new Map([
  ['\x1b', 'escape'],
  ...cursorKeys('\x1b['),
  // Application cursor keys (DECCKM), and the form with an empty modifier.
  ...cursorKeys('\x1bO'),
  ...cursorKeys('\x1b[1;1'),
  ...['\x1b[1~', '\x1b[7~'].map((form) => [form, 'home'] as const),
  ...['\x1b[4~', '\x1b[8~'].map((form) => [form, 'end'] as const),
  ['\x1b[3~', 'delete'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[6~', 'page-down'],
  ['\x1b[Z', 'shift-tab'],
  ['\x1bOM', 'enter'],
  [pasteStart, 'paste-start'],
  [pasteEnd, 'paste-end'],
]);

function cursorKeys(introducer: string): [string, string][] {
  const finals = { A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end' };
  return Object.entries(finals).map(([final, key]) => [`${introducer}${final}`, key]);
}

export type Decoded = { inputs: RawInput[]; light: boolean | null };

export function decodeTokens(tokens: readonly Token[]): Decoded {
  const inputs: RawInput[] = [];
  let light: boolean | null = null;
  for (const token of tokens) {
    if ('text' in token) {
      inputs.push({ characters: token.text });
      continue;
    }
    const key = sequences.get(token.sequence);
    if (key !== undefined) inputs.push({ key });
    else light = lightOf(token.sequence) ?? light;
  }
  return { inputs, light };
}
