export const esc = 0x1b;
const bel = 0x07;
const etx = 0x03;

/** ESC and one of these begin a sequence: CSI, SS3, */
const csi = 0x5b;
const ss3 = 0x4f;
const stringIntroducers: readonly number[] = [0x5d, 0x50, 0x58, 0x5e, 0x5f];

/** `CSI M`, `CSI t`, `CSI T` without parameters: old mouse reports, with this many characters. */
const mousePayload: Readonly<Record<number, number>> = { 77: 3, 116: 2, 84: 6 };

export function isIntroducer(byte: number | undefined): boolean {
  return byte === csi || byte === ss3;
}

export function isStringIntroducer(byte: number | undefined): boolean {
  return byte !== undefined && stringIntroducers.includes(byte);
}

/**
 * The index after the sequence that begins with the ESC at `from`; null if its end has not arrived.
 * A control character ends an unfinished sequence and is a key of its own. (ECMA-48 5.4 and 8.3,
 * xterm's ctlseqs, the Linux console's `CSI [`.)
 */
export function sequenceEnd(bytes: Uint8Array, from: number): number | null {
  const second = bytes[from + 1];
  const at = from + 2;
  if (second === undefined) return null;
  if (second === csi) return csiEnd(bytes, at);
  if (second === ss3) return ss3End(bytes, at);
  if (isStringIntroducer(second)) return stringEnd(bytes, at);
  if (second === esc) return doubleEnd(bytes, from);
  // Alt and a key. Ctrl-C is never part of a sequence.
  return second === etx ? from + 1 : characterEnd(bytes, from + 1);
}

/** ESC ESC: Alt and a key that sends a sequence, or the Esc key and then something else. */
function doubleEnd(bytes: Uint8Array, from: number): number | null {
  const third = bytes[from + 2];
  if (third === undefined) return null;
  return isIntroducer(third) ? sequenceEnd(bytes, from + 1) : from + 1;
}

function csiEnd(bytes: Uint8Array, from: number): number | null {
  let at = from;
  while (isBetween(bytes[at], 0x20, 0x3f)) at += 1;
  const final = bytes[at];
  if (final === undefined) return null;
  if (!isBetween(final, 0x40, 0x7e)) return at;
  if (at > from) return at + 1;
  // The Linux console's F1 to F5.
  if (final === csi) return bytes[at + 1] === undefined ? null : charactersEnd(bytes, at + 1, 1);
  return charactersEnd(bytes, at + 1, mousePayload[final] ?? 0);
}

function ss3End(bytes: Uint8Array, from: number): number | null {
  let at = from;
  while (isBetween(bytes[at], 0x30, 0x3b)) at += 1;
  const final = bytes[at];
  if (final === undefined) return null;
  return isBetween(final, 0x20, 0x7e) ? at + 1 : at;
}

function stringEnd(bytes: Uint8Array, from: number): number | null {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === bel) return at + 1;
    if (byte === esc && bytes[at + 1] === undefined) return null;
    if (byte === esc) return bytes[at + 1] === 0x5c ? at + 2 : at;
    if (byte < 0x20) return at;
    if (byte >= 0x80) {
      if (byte === 0x9c) return at + 1;
      const end = characterEnd(bytes, at);
      if (end === null) return null;
      at = end - 1;
    }
  }
  return null;
}

/** `count` characters of a mouse report: bytes, or UTF-8 (mode 1005). */
function charactersEnd(bytes: Uint8Array, from: number, count: number): number | null {
  let at = from;
  for (let read = 0; read < count; read += 1) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    // Beyond its last column xterm sends NUL.
    if (byte !== 0 && byte < 0x20) return at;
    const end = isBetween(byte, 0xc2, 0xdf) ? characterEnd(bytes, at) : at + 1;
    if (end === null) return null;
    at = end;
  }
  return at;
}

/**
 * The index after the UTF-8 character at `from`, or after one invalid byte; null if more must
 * follow.
 */
export function characterEnd(bytes: Uint8Array, from: number): number | null {
  const lead = bytes[from]!;
  const length = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let at = from + 1; at < from + length; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    if (!isBetween(byte, 0x80, 0xbf)) return from + 1;
  }
  return from + length;
}

/** The seven-bit form of the C1 control at `from` is ESC and `second`; null if there is none. */
export function c1At(bytes: Uint8Array, from: number): { second: number; length: number } | null {
  const first = bytes[from];
  if (isBetween(first, 0x80, 0x9f)) return { second: first! - 0x40, length: 1 };
  if (first !== 0xc2 || !isBetween(bytes[from + 1], 0x80, 0x9f)) return null;
  return { second: bytes[from + 1]! - 0x40, length: 2 };
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}
