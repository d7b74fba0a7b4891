import { Text, useInput } from 'ink';
import { render } from 'ink-testing-library';
import { expect, test } from 'vitest';
import type { RawInput } from '../../source/console/input.ts';
import { rawInput } from '../../source/tui/keys.ts';

function Keys({ seen }: { seen: (RawInput | null)[] }) {
  useInput((input, key) => void seen.push(rawInput(input, key)));
  return <Text>.</Text>;
}

/** What the bytes of a terminal become on their way through Ink. */
function decoded(...chunks: string[]): (RawInput | null)[] {
  const seen: (RawInput | null)[] = [];
  const { stdin, unmount } = render(<Keys seen={seen} />);
  for (const chunk of chunks) stdin.write(chunk);
  unmount();
  return seen;
}

const keys = (...names: string[]) => names.map((key) => ({ key }));

test.each([
  ['arrows', '\x1b[A\x1b[B\x1b[C\x1b[D', keys('up', 'down', 'right', 'left')],
  ['application arrows', '\x1bOA\x1bOB', keys('up', 'down')],
  [
    'paging',
    '\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~',
    keys('page-up', 'page-down', 'home', 'end', 'home', 'end'),
  ],
  ['Enter', '\r', keys('enter')],
  ['Tab', '\t', keys('tab')],
  ['Shift-Tab', '\x1b[Z', keys('shift-tab')],
  ['Backspace, either way', '\x7f', keys('backspace')],
  ['Ctrl-H', '\b', keys('backspace')],
  ['control keys', '\x12', keys('ctrl-r')],
  ['Ctrl-C', '\x03', keys('ctrl-c')],
  ['Ctrl-Z', '\x1a', keys('ctrl-z')],
  ['letters', 'j', [{ characters: 'j' }]],
  ['a capital', 'X', [{ characters: 'X' }]],
  ['a space', ' ', [{ characters: ' ' }]],
  ['another alphabet', 'ж', [{ characters: 'ж' }]],
  ['Alt-y is not y', '\x1by', [null]],
  ['a key that nobody knows', '\x1b[15~', [null]],
])('%s', (_, bytes, expected) => expect(decoded(bytes)).toEqual(expected));

test('bracketed paste, in one read or in several', () => {
  const paste = [{ key: 'paste-start' }, { characters: 'py\rq' }, { key: 'paste-end' }];
  expect(decoded('\x1b[200~py\rq\x1b[201~')).toEqual(paste);
  expect(decoded('\x1b[200~', 'py\rq', '\x1b[201~')).toEqual(paste);
});
