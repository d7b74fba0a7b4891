/** Ids, figures and dates: what differs between messages of the same failure. */
export const variable =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0x[0-9a-f]+|\d+(?:[.,:T-]\d+)*/gi;

/**
 * What messages of the same failure have in common: the first line without figures, dates and ids,
 * in ASCII, at most 200 characters. Every database can hold it.
 */
export function failurePrint(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return asciiOf(line.replace(variable, '#')).slice(0, 200);
}

/** The text in characters that every encoding has. */
export function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e\n\t]/g, '?');
}
