/**
 * Control characters (except line ends and tabs), bidirectional overrides, invisible, private and
 * unassigned characters: a terminal may act on them or hide them.
 */
const unsafe =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;
const plainAscii = /^[\n\t\x20-\x7e]*$/;

/**
 * Escapes unsafe characters as `\u202e`. JSON keeps its values: these characters occur only in its
 * strings.
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

/** JSON.stringify, safe for a terminal. */
export function jsonText(value: unknown, indent = 0): string {
  return escapeUnsafe(JSON.stringify(value, null, indent));
}
