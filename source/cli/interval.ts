import { parseDuration } from '../domain/time/duration.ts';
import type { Problem } from '../errors.ts';
import { invalid } from './flags.ts';

const [shortest, usual, longest] = [100, 1_000, 3_600_000];

/** `--interval` in milliseconds; one that is wrong has been refused by `problemsOfInterval`. */
export function intervalOf(text: string | undefined): number {
  return (text === undefined ? null : parseDuration(text)) ?? usual;
}

/** Asked of every command line, also where nothing is read twice. */
export function problemsOfInterval(text: string | undefined): Problem[] {
  if (text === undefined) return [];
  const interval = parseDuration(text);
  if (interval !== null && interval >= shortest && interval <= longest) return [];
  return [invalid('interval', text, '100ms to 1h, e.g. 2s')];
}
