import { charactersOf } from '../presentation/characters.ts';
import type { MessageOf } from './messages.ts';

/** One piece of input: a key by name, or characters as they came, one or several. */
export type RawInput = { key: string } | { characters: string };

/** Between the brackets that a terminal puts around pasted text. */
export type Decoder = { paste: { text: string; since: number } | null; flood_until: number };

export const idleDecoder: Decoder = { paste: null, flood_until: 0 };

/** A terminal that loses the closing bracket must not leave the console deaf. */
const pasteTimeoutMs = 2000;
/** More different characters in one read than anybody types: pasted without brackets, or a stalled line. */
const longestTyping = 16;
/** What follows a flood at once belongs to it. */
const floodMs = 100;

type Input = MessageOf<'key'> | MessageOf<'paste'> | MessageOf<'flood'>;
type Decoded = [Decoder, Input[]];

/** Turns input into keys, pastes and floods: pasted text never comes out as a key. */
export function decodeInput(decoder: Decoder, input: RawInput, at: number): Decoded {
  const open =
    decoder.paste !== null && at - decoder.paste.since < pasteTimeoutMs ? decoder.paste : null;
  if ('key' in input && input.key === 'paste-start') {
    return [{ ...decoder, paste: { text: '', since: at } }, []];
  }
  if ('key' in input && input.key === 'paste-end') {
    const text = open?.text ?? '';
    return [{ ...decoder, paste: null }, text === '' ? [] : [{ type: 'paste', text, at }]];
  }
  if (open !== null) {
    const more = 'characters' in input ? input.characters : '';
    return [{ ...decoder, paste: { ...open, text: open.text + more } }, []];
  }
  const closed = { ...decoder, paste: null };
  if ('key' in input)
    return [closed, [{ type: 'key', key: input.key, text: null, alone: true, at }]];
  return typed(closed, input.characters, at);
}

function typed(decoder: Decoder, characters: string, at: number): Decoded {
  const pieces = Array.from(charactersOf(characters));
  const alone = pieces.length === 1;
  const keys = pieces.map((piece) => ({ type: 'key' as const, ...namedKey(piece), alone, at }));
  const repeated = pieces.every((piece) => piece === pieces[0]);
  const flood = (pieces.length > longestTyping && !repeated) || at < decoder.flood_until;
  if (!flood) return [decoder, keys];
  return [{ ...decoder, flood_until: at + floodMs }, [{ type: 'flood', keys, at }]];
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

/** Keys that were pressed quickly arrive in one read, control keys among them. */
function namedKey(piece: string): { key: string; text: string | null } {
  const named = controlKeys[piece];
  if (named !== undefined) return { key: named, text: null };
  const code = piece.codePointAt(0) ?? 0;
  if (code < 0x1b) return { key: `ctrl-${String.fromCharCode(code + 0x60)}`, text: null };
  if (code < 0x20) return { key: 'unknown', text: null };
  return { key: piece === ' ' ? 'space' : piece, text: piece };
}
