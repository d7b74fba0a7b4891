import type { Problem } from '../../errors.ts';
import type { JobView } from '../job/job.ts';
import { shortId } from '../job/reference.ts';
import { isTerminal, refusalOf } from '../job/state.ts';
import { readOptions } from '../start/request.ts';
import { momentAt } from '../time/deadline.ts';
import { parseDuration } from '../time/duration.ts';
import { later } from '../time/time.ts';
import { isNoChange, type WhatIf } from './what-if.ts';

export type WhatIfInput = {
  slots?: string;
  parallel?: string;
  /** A time, or `none`. */
  deadline?: string;
  /** Shift of deadlines: `1h`, `-30m`. */
  extend?: string;
  retry_failed?: boolean;
};

/** More slots than any fleet has. */
export const mostSlots = 100_000;

/**
 * Reads a what-if; mistakes are added to `problems`.
 * @param job the job in question; null: all, which are extended and retried together
 */
export function readWhatIf(
  input: WhatIfInput,
  job: JobView | null,
  pause: readonly JobView[],
  jobs: readonly JobView[],
  now: Date,
  problems: Problem[],
): WhatIf {
  for (const one of pause) {
    const refusal = refusalOf('pause', one.state);
    if (refusal !== null) problems.push({ message: `${shortId(one.id)}: ${refusal} (--pause)` });
  }
  for (const flag of ['parallel', 'deadline'] as const) {
    if (input[flag] !== undefined && job === null) {
      problems.push({
        message: `--${flag} requires a job`,
        hint: `servo-tui risk JOB --${flag} ${input[flag]}`,
      });
    }
  }
  const about = job === null ? jobs : [job];
  const what: WhatIf = {
    slots: readSlots(input.slots, problems),
    pause: pause.map(({ id }) => id),
    retry_failed: input.retry_failed
      ? about.filter((one) => one.failed_partitions > 0).map(({ id }) => id)
      : [],
    parallel: readParallel(input.parallel, job, problems),
    deadline: readDeadlines(input, job, about, now, problems),
  };
  if (job !== null && isTerminal(job.state) && !isNoChange(what)) {
    problems.push({
      message: `${shortId(job.id)} has ended (${job.state}): no what-if is possible`,
    });
  }
  return what;
}

function readSlots(text: string | undefined, problems: Problem[]): number | null {
  if (text === undefined) return null;
  const slots = /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (slots <= mostSlots) return slots;
  problems.push({
    message: `invalid --slots "${text}"`,
    hint: `expected a whole number up to ${mostSlots}`,
  });
  return null;
}

function readParallel(
  parallel: string | undefined,
  job: JobView | null,
  problems: Problem[],
): WhatIf['parallel'] {
  const { strategy } = readOptions({ parallel }, problems);
  return job === null || strategy.max_parallel === undefined
    ? {}
    : { [job.id]: strategy.max_parallel };
}

function readDeadlines(
  { deadline, extend }: WhatIfInput,
  job: JobView | null,
  about: readonly JobView[],
  now: Date,
  problems: Problem[],
): WhatIf['deadline'] {
  if (deadline !== undefined && extend !== undefined) {
    problems.push({ message: '--deadline and --extend are mutually exclusive' });
  }
  if (deadline?.trim().toLowerCase() === 'none') return job === null ? {} : { [job.id]: null };
  const { deadline: moment } = readOptions({ sla_deadline: deadline }, problems, 'deadline');
  if (moment !== undefined) return job === null ? {} : { [job.id]: momentAt(moment, now) };
  if (extend === undefined) return {};
  const by = readExtension(extend);
  if (by === null) {
    problems.push({
      message: `invalid --extend "${extend}"`,
      hint: 'expected a duration, e.g. 1h or -30m',
    });
    return {};
  }
  return Object.fromEntries(
    about.flatMap(({ id, sla_deadline_at: at }) => (at === null ? [] : [[id, later(at, by)]])),
  );
}

function readExtension(text: string): number | null {
  const [, sign, rest] = /^([+-]?)(.*)$/.exec(text.trim())!;
  const by = parseDuration(rest!);
  return by === null ? null : sign === '-' ? -by : by;
}
