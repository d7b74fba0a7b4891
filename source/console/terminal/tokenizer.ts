import {
  c1At,
  characterEnd,
  esc,
  isIntroducer,
  isStringIntroducer,
  sequenceEnd,
} from './sequences.ts';

/** Text as typed, control characters included; or one whole sequence, a lone ESC included. */
export type Token = { text: string } | { sequence: string };

export type Tokenizer = {
  /** The beginning of a sequence or character whose end has not arrived. */
  unfinished: Uint8Array;
  since: number;
  began: number;
  /** Inside a paste: everything is text up to the closing bracket. */
  pasting: boolean;
  /** `unfinished` follows an ESC that was already reported as a key, so it is no key itself. */
  late: boolean;
  /** Until when the rest of a sequence whose ESC has become a key may still arrive. */
  late_until: number;
};

export const idleTokenizer: Tokenizer = {
  unfinished: new Uint8Array(),
  since: 0,
  began: 0,
  pasting: false,
  late: false,
  late_until: 0,
};

/** An ESC that nothing follows for this long is the Esc key. */
export const escapeMs = 75;
/** An unfinished sequence of this age was not typed, and is dropped. */
export const abandonMs = 1000;
/**
 * No terminal's answer takes this long. Esc and X typed together look like the beginning of a
 * control string (SOS): without a limit all further typing would be swallowed.
 */
export const stringMs = 2000;
/** A terminal that loses the closing bracket of a paste must not leave the console deaf. */
export const pasteMs = 2000;

export const pasteStart = '\x1b[200~';
export const pasteEnd = '\x1b[201~';
const ctrlC = 0x03;
const pasteEndBytes = Uint8Array.from(Buffer.from(pasteEnd));

/** Longest sequence whose text matters: the answer about the background has 31 characters. */
const longest = 64;

type Tokenized = [Tokenizer, Token[]];

/** Tokens of one read, together with what remained of the previous one. `at`: milliseconds. */
export function tokenize(tokenizer: Tokenizer, read: Uint8Array, at: number): Tokenized {
  if (read.length === 0) return [tokenizer, []];
  const late = tokenizer.late || isLate(tokenizer, read, at);
  const before = late && !tokenizer.late ? Uint8Array.of(esc) : tokenizer.unfinished;
  const bytes = Buffer.concat([before, read]);
  if (tokenizer.pasting && isWayOut(tokenizer, read, at)) {
    const free = { ...idleTokenizer, since: at };
    return [free, [{ sequence: pasteEnd }, { text: '\x03' }]];
  }
  const began = before.length > 0 ? tokenizer.began : at;
  const idle = { unfinished: idleTokenizer.unfinished, late: false, late_until: 0 };
  const next = { ...tokenizer, ...idle, since: at, began };
  return tokenizer.pasting ? pasted(next, bytes) : typed(next, bytes, late);
}

function isWayOut({ since }: Tokenizer, read: Uint8Array, at: number): boolean {
  return read.length === 1 && read[0] === ctrlC && at - since >= escapeMs;
}

function isLate(
  { unfinished, pasting, late_until }: Tokenizer,
  read: Uint8Array,
  at: number,
): boolean {
  if (pasting || unfinished.length > 0 || at >= late_until) return false;
  return isIntroducer(read[0]) || (read.length > 1 && isStringIntroducer(read[0]));
}

function typed(tokenizer: Tokenizer, bytes: Uint8Array, late: boolean): Tokenized {
  const tokens: Token[] = [];
  let text: number[] = [];
  const endText = () => {
    tokens.push(...textOf(text));
    text = [];
  };
  let isRest = late;
  let rest = bytes;
  let at = 0;
  while (at < rest.length) {
    const c1 = c1At(rest, at);
    if (c1 !== null) {
      const seven = [esc, c1.second, ...rest.subarray(at + c1.length)];
      rest = Uint8Array.from(seven);
      at = 0;
    }
    const isSequence = rest[at] === esc;
    const end = isSequence ? sequenceEnd(rest, at) : characterEnd(rest, at);
    if (end === null) {
      endText();
      const began = at === 0 ? tokenizer.began : tokenizer.since;
      return [{ ...tokenizer, unfinished: shortened(rest.slice(at)), late: isRest, began }, tokens];
    }
    if (!isSequence) text.push(...rest.subarray(at, end));
    else {
      endText();
      const sequence = latin1(rest.subarray(at, Math.min(end, at + longest)));
      if (sequence.endsWith(pasteStart)) {
        const [after, more] = pasted(tokenizer, rest.subarray(end));
        return [after, [...tokens, { sequence: pasteStart }, ...more]];
      }
      if (!isRest) tokens.push({ sequence });
    }
    isRest = false;
    at = end;
  }
  endText();
  return [tokenizer, tokens];
}

function pasted(tokenizer: Tokenizer, bytes: Uint8Array): Tokenized {
  const buffer = Buffer.from(bytes);
  const end = buffer.indexOf(pasteEndBytes);
  if (end >= 0) {
    const rest = bytes.subarray(end + pasteEndBytes.length);
    const [after, more] = typed({ ...tokenizer, pasting: false }, rest, false);
    return [after, [...textOf(bytes.subarray(0, end)), { sequence: pasteEnd }, ...more]];
  }
  const kept = unfinishedFrom(bytes);
  const unfinished = bytes.slice(kept);
  return [{ ...tokenizer, pasting: true, unfinished }, textOf(bytes.subarray(0, kept))];
}

/** Where, at the end of an unfinished paste, its closing bracket or a character begins. */
function unfinishedFrom(bytes: Uint8Array): number {
  for (let length = Math.min(pasteEndBytes.length - 1, bytes.length); length > 0; length -= 1) {
    const from = bytes.length - length;
    const begins = (byte: number, at: number) => byte === bytes[from + at];
    if (pasteEndBytes.subarray(0, length).every(begins)) return from;
  }
  return unfinishedCharacterFrom(bytes);
}

function unfinishedCharacterFrom(bytes: Uint8Array): number {
  for (let from = Math.max(0, bytes.length - 3); from < bytes.length; from += 1) {
    if (characterEnd(bytes, from) === null) return from;
  }
  return bytes.length;
}

export function dueAt({ unfinished, since, began, pasting, late }: Tokenizer): number | null {
  if (pasting) return since + pasteMs;
  if (unfinished[0] !== esc) return null;
  if (isEscapes(unfinished) || (late && unfinished.length === 2)) return since + escapeMs;
  const still = since + abandonMs;
  return isStringIntroducer(unfinished[1]) ? Math.min(still, began + stringMs) : still;
}

export function elapsed(tokenizer: Tokenizer, at: number): Tokenized {
  const { unfinished, late, pasting } = tokenizer;
  const due = dueAt(tokenizer);
  if (due === null || at < due) return [tokenizer, []];
  const idle = { ...tokenizer, unfinished: idleTokenizer.unfinished, late: false, pasting: false };
  if (pasting) return [idle, [{ sequence: pasteEnd }]];
  if (isEscapes(unfinished)) {
    const keys = Array.from(unfinished, () => ({ sequence: '\x1b' }));
    return [{ ...idle, late_until: at + abandonMs }, keys];
  }
  return [idle, late && unfinished.length === 2 ? [{ text: latin1(unfinished.subarray(1)) }] : []];
}

function isEscapes(unfinished: Uint8Array): boolean {
  return unfinished.every((byte) => byte === esc);
}

/** Of a long control string only its introducer matters, and an end that was cut in two. */
function shortened(unfinished: Uint8Array): Uint8Array {
  if (unfinished.length <= longest || !isStringIntroducer(unfinished[1])) return unfinished;
  const from =
    unfinished.at(-1) === esc ? unfinished.length - 1 : unfinishedCharacterFrom(unfinished);
  return Uint8Array.of(...unfinished.subarray(0, 2), ...unfinished.subarray(from));
}

/** Invalid UTF-8 is left out. */
function textOf(bytes: ArrayLike<number>): Token[] {
  const text = Buffer.from(Uint8Array.from(bytes)).toString('utf8').replaceAll('\ufffd', '');
  return text === '' ? [] : [{ text }];
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
