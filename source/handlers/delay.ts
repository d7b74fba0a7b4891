/** For a handler that snoozes without saying for how long. */
export const defaultDelayMs = 30_000;

const longestMs = 24 * 3_600_000;

export function delayOf(milliseconds: unknown): number {
  if (typeof milliseconds !== 'number' || Number.isNaN(milliseconds)) return defaultDelayMs;
  return Math.min(Math.max(0, milliseconds), longestMs);
}
