/** Where a handler asks to come back later and does not say when. */
export const defaultDelayMs = 30_000;

const longestMs = 24 * 3_600_000;

/** A delay that a handler or its endpoint asks for, in milliseconds: none is longer than a day, what is no number is the default. */
export function delayOf(milliseconds: unknown): number {
  if (typeof milliseconds !== 'number' || Number.isNaN(milliseconds)) return defaultDelayMs;
  return Math.min(Math.max(0, milliseconds), longestMs);
}
