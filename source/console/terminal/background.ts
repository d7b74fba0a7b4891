/** OSC 11 asks for the background; terminals that do not know it are silent. */
export const askBackground = '\x1b]11;?\x1b\\';

const answer =
  /^\x1b\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})(?:\/[0-9a-f]{1,4})?(?:\x07|\x1b\\|\x9c)$/i;

export function lightOf(sequence: string): boolean | null {
  const found = answer.exec(sequence);
  return found === null ? null : isLight(found.slice(1, 4));
}

/** Perceived brightness (ITU-R BT.601). */
function isLight(hexes: readonly string[]): boolean {
  const [red, green, blue] = hexes.map((hex) => Number.parseInt(hex, 16) / (16 ** hex.length - 1));
  return 0.299 * red! + 0.587 * green! + 0.114 * blue! > 0.5;
}
