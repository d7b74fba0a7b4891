import { parseDuration } from '../domain/time/duration.ts';
import { type Problem, UsageError } from '../errors.ts';

const [shortest, usual, longest] = [100, 1_000, 3_600_000];

/** `--interval` in milliseconds. */
export function readInterval(text: string | undefined): number {
  const problems = problemsOfInterval(text);
  if (problems.length > 0) throw new UsageError(problems);
  return text === undefined ? usual : parseDuration(text)!;
}

/** Asked of every command line, also where nothing is read twice: a mistake is one wherever it stands. */
export function problemsOfInterval(text: string | undefined): Problem[] {
  if (text === undefined) return [];
  const interval = parseDuration(text);
  if (interval !== null && interval >= shortest && interval <= longest) return [];
  return [{ message: `"${text}" is no interval (--interval)`, hint: 'from 100ms to 1h, as 2s' }];
}
