/**
 * Control characters (but for line ends and tabs), bidirectional overrides, zero-width and other
 * invisible characters, private and unassigned ones: what a terminal may act upon or not show.
 */
const unsafe =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;
const plainAscii = /^[\n\t\x20-\x7e]*$/;

/**
 * Text with what is unsafe to show as `\u202e`. Of JSON that is JSON still, with the same values:
 * outside of strings it has none of these characters.
 */
export function escapeUnsafe(text: string): string {
  if (plainAscii.test(text)) return text;
  return text.replace(unsafe, (found) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** As JSON.stringify, safe to be shown at a terminal. */
export function jsonText(value: unknown, indent = 0): string {
  return escapeUnsafe(JSON.stringify(value, null, indent));
}
