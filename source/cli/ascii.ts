/** Converts `text` to ASCII if `--ascii` is given. Imported on demand: the converter loads ICU. */
export async function asciiText({ ascii }: { ascii: boolean }, text: string): Promise<string> {
  return ascii ? (await import('../presentation/text/ascii.ts')).toAscii(text) : text;
}
