import { parseDuration } from '../domain/time/duration.ts';
import type { Problem } from '../errors.ts';
import { invalid } from './flags.ts';

const [shortest, byDefault, longest] = [100, 1_000, 3_600_000];

/** `--interval` in milliseconds. `problemsOfInterval` has already rejected invalid values. */
export function intervalOf(text: string | undefined): number {
  return (text === undefined ? null : parseDuration(text)) ?? byDefault;
}

/** Checks `--interval` for every command, even one that reads only once and ignores it. */
export function problemsOfInterval(text: string | undefined): Problem[] {
  if (text === undefined) return [];
  const interval = parseDuration(text);
  if (interval !== null && interval >= shortest && interval <= longest) return [];
  return [invalid('interval', text, '100ms to 1h, e.g. 2s')];
}
