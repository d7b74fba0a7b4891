import { toAscii } from '../presentation/text/ascii.ts';
import type { Flags } from './flags.ts';

/** A text as --ascii wants it, where that is given. */
export function asciiText(flags: Flags, text: string): string {
  return flags.has('ascii') ? toAscii(text) : text;
}
