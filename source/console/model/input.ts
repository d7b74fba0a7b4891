import { charactersOf } from '../../presentation/text/characters.ts';
import type { RawInput } from '../terminal/keys.ts';
import type { MessageOf } from './messages.ts';

/** `paste`: text between the brackets that a terminal puts around a paste. */
export type Decoder = { paste: string | null; flood_until: number };

export const idleDecoder: Decoder = { paste: null, flood_until: 0 };

/**
 * More different characters in one read than a person types: a paste without brackets, or a stalled
 * line.
 */
const longestTyping = 16;
const floodMs = 100;

type Input = MessageOf<'key'> | MessageOf<'paste'> | MessageOf<'flood'>;
type Named = { key: string; text: string | null };

/** Turns one read into keys, pastes and floods. Pasted text never becomes keys. */
export function decodeInput(
  decoder: Decoder,
  read: readonly RawInput[],
  at: number,
): [Decoder, Input[]] {
  let { paste, flood_until } = decoder;
  const out: Input[] = [];
  let pressed: Named[] = [];
  const alone = read.length === 1;
  const endKeys = () => {
    const made = keysOf(pressed, alone, at, flood_until);
    if (made.some(({ type }) => type === 'flood')) flood_until = at + floodMs;
    out.push(...made);
    pressed = [];
  };
  for (const piece of read) {
    if ('key' in piece && piece.key === 'paste-start') {
      endKeys();
      paste = '';
    } else if ('key' in piece && piece.key === 'paste-end') {
      if (paste !== null && paste !== '') out.push({ type: 'paste', text: paste, at });
      paste = null;
    } else if (paste !== null) {
      paste += 'characters' in piece ? piece.characters : '';
    } else if ('key' in piece) {
      pressed.push({ key: piece.key, text: null });
    } else {
      pressed.push(...Array.from(charactersOf(piece.characters), namedKey));
    }
  }
  endKeys();
  return [{ paste, flood_until }, out];
}

/** `alone`: the only key of its read. */
function keysOf(
  pressed: readonly Named[],
  alone: boolean,
  at: number,
  floodUntil: number,
): Input[] {
  if (pressed.length === 0) return [];
  const single = alone && pressed.length === 1;
  const keys = pressed.map((one) => ({ type: 'key' as const, ...one, alone: single, at }));
  const repeated = pressed.every(({ key }) => key === pressed[0]!.key);
  const flood = (pressed.length > longestTyping && !repeated) || at < floodUntil;
  return flood ? [{ type: 'flood', keys, at }] : keys;
}

const controlKeys: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\r\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\x7f': 'backspace',
  '\x1b': 'escape',
};

/** Keys pressed quickly arrive in one read, control keys among them. */
function namedKey(piece: string): Named {
  const named = controlKeys[piece];
  if (named !== undefined) return { key: named, text: null };
  const code = piece.codePointAt(0) ?? 0;
  if (code < 0x1b) return { key: `ctrl-${String.fromCharCode(code + 0x60)}`, text: null };
  if (code < 0x20) return { key: 'unknown', text: null };
  return { key: piece === ' ' ? 'space' : piece, text: piece };
}
