/** A text with nothing but ASCII where `--ascii` is given. What does that loads ICU. */
export async function asciiText({ ascii }: { ascii: boolean }, text: string): Promise<string> {
  return ascii ? (await import('../presentation/text/ascii.ts')).toAscii(text) : text;
}
