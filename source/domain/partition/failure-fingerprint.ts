/** Ids, figures and dates: they differ between messages of the same failure. */
export const variable =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0x[0-9a-f]+|\d+(?:[.,:T-]\d+)*/gi;

/**
 * The common part of messages of the same failure: the first line without figures, dates and ids,
 * in ASCII for any database encoding, at most 200 characters.
 */
export function failureFingerprint(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return asciiOf(line.replace(variable, '#')).slice(0, 200);
}

export function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e\n\t]/g, '?');
}
