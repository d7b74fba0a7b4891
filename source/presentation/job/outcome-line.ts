import { safeText } from '../text/safe-text.ts';

/** The result of one action as a line: what has been done, or why not and what to do. */
export function outcomeLine({ message, hint }: { message: string; hint: string | null }): string {
  return `${safeText(hint === null ? message : `${message} — ${hint}`)}\n`;
}
