import { invalid } from '../../cli/flags.ts';
import { parseMoment } from '../../domain/time/deadline.ts';
import { parseDuration } from '../../domain/time/duration.ts';
import type { Problem } from '../../errors.ts';

export type Since = { at: Date } | { before_ms: number };

export function readSince(text: string | undefined, usual: number, problems: Problem[]): Since {
  if (text === undefined) return { before_ms: usual };
  const before = parseDuration(text);
  if (before !== null && before > 0) return { before_ms: before };
  const moment = parseMoment(text);
  if (moment !== null && 'at' in moment) return moment;
  const expected = 'a duration or a time, e.g. 8h, 2d, 2026-01-31 or 2026-01-31T06:00:00Z';
  problems.push(invalid('since', text, expected));
  return { before_ms: usual };
}
