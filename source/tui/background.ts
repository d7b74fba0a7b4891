/** OSC 11: a terminal that knows its background says what it is, as if it were typed; any other says nothing. */
export const askBackground = '\x1b]11;?\x1b\\';

const answer =
  /\x1b\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})(?:\/[0-9a-f]{1,4})?(?:\x07|\x1b\\)/i;

/** The beginning of an answer at the end of the input. A lone escape is a key. */
const unfinished = /\x1b\](?:1|11|11;(?:r|rg|rgba?|rgba?:[0-9a-f/]{0,19}\x1b?)?)?$/i;

/** What Alt-] sends as well. */
const alt = '\x1b]';

export type Answered = {
  /** What is no part of an answer. */
  keys: string;
  /** The beginning of an answer, held back until more comes. */
  held: string;
  /** Whether the background is light; null where nothing was said of it. */
  light: boolean | null;
};

/** Takes the terminal's answers out of what is typed: nothing of one may come out as a key, of one that breaks off neither. */
export function takeAnswers(held: string, chunk: string): Answered {
  const goesOn = [answer, unfinished].some((form) => form.exec(held + chunk)?.index === 0);
  let [keys, light]: [string, boolean | null] = [
    goesOn || held.length <= alt.length ? held + chunk : chunk,
    null,
  ];
  for (let found = answer.exec(keys); found !== null; found = answer.exec(keys)) {
    light = isLight(found.slice(1, 4));
    keys = keys.slice(0, found.index) + keys.slice(found.index + found[0].length);
  }
  const rest = unfinished.exec(keys)?.[0] ?? '';
  return { keys: keys.slice(0, keys.length - rest.length), held: rest, light };
}

/** By how bright the eye finds it (ITU-R BT.601). */
function isLight(hexes: readonly string[]): boolean {
  const [red, green, blue] = hexes.map((hex) => Number.parseInt(hex, 16) / (16 ** hex.length - 1));
  return 0.299 * red! + 0.587 * green! + 0.114 * blue! > 0.5;
}
