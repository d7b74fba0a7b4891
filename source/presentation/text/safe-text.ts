/** Longest input, in UTF-16 units: some messages have a megabyte. */
export const textCap = 4096;

/** Shows where an unsafe character was. */
const replacement = '\uFFFD';

// CSI, OSC and the other string sequences (also unterminated), and two-byte escapes; 7 and 8 bit.
const escapeSequences =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]?/g;
const lineEnds = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;
const spaces = /\t|\p{Zs}/gu;
/** They only choose how an emoji is drawn; terminals disagree on the width. */
const joiners = /[\u200d\ufe0e\ufe0f]/g;
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;
/** More than two marks on a letter reach into neighbouring lines. */
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
const leadingMarks = /^\p{M}+/u;
const plainAscii = /^[\x20-\x7e]*$/;

type SafeOptions = {
  /** Longest input in UTF-16 units; default `textCap`. */
  cap?: number;
  /** Keep line ends as '\n'; otherwise they become spaces. */
  lines?: boolean;
};

/**
 * Sanitizes text of the database for a terminal: escape sequences are removed; other control
 * characters, bidirectional overrides, invisible, private and unassigned characters become U+FFFD;
 * every kind of space becomes one plain space. Idempotent. Never throws.
 */
export function safeText(text: string, options: SafeOptions = {}): string {
  const { cap = textCap, lines = false } = options;
  const capped = text.length > cap ? text.slice(0, cap) : text;
  if (plainAscii.test(capped)) return capped;
  return capped
    .replace(escapeSequences, '')
    .replace(lineEnds, '\n')
    .split('\n')
    .map(cleanLine)
    .join(lines ? '\n' : ' ');
}

function cleanLine(line: string): string {
  return line
    .replace(spaces, ' ')
    .replace(joiners, '')
    .replace(unsafe, replacement)
    .replace(stackedMarks, '$1')
    .replace(leadingMarks, replacement);
}
