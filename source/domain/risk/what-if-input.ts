import type { Problem } from '../../errors.ts';
import { isNoChange, noChange, type WhatIf } from '../forecast/what-if.ts';
import type { JobView } from '../job/job.ts';
import { shortId } from '../job/reference.ts';
import { isTerminal, refusalOf } from '../job/state.ts';
import { readOptions } from '../start/request.ts';
import { momentAt } from '../time/deadline.ts';
import { parseDuration } from '../time/duration.ts';
import { later } from '../time/time.ts';

export type WhatIfInput = {
  slots?: string;
  parallel?: string;
  priority?: string;
  /** No executor claims. */
  hold?: boolean;
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
  { pause, resume }: { pause: readonly JobView[]; resume: readonly JobView[] },
  jobs: readonly JobView[],
  now: Date,
  problems: Problem[],
): WhatIf {
  for (const [action, named] of [['pause', pause] as const, ['resume', resume] as const])
    for (const one of named) {
      const refusal = refusalOf(action, one.state);
      if (refusal !== null)
        problems.push({ message: `${shortId(one.id)}: ${refusal} (--${action})` });
    }
  for (const flag of ['parallel', 'priority', 'deadline'] as const) {
    if (input[flag] !== undefined && job === null) {
      problems.push({
        message: `--${flag} requires a job`,
        hint: `servo-tui risk JOB --${flag} ${input[flag]}`,
      });
    }
  }
  const about = job === null ? jobs : [job];
  const set = readSet(input, problems);
  const ofJob = <T>(value: T | undefined) =>
    job === null || value === undefined ? {} : { [job.id]: value };
  const what: WhatIf = {
    ...noChange,
    slots: readSlots(input.slots, problems),
    claiming: input.hold ? 'hold' : null,
    pause: pause.map(({ id }) => id),
    resume: resume.map(({ id }) => id),
    retry_failed: input.retry_failed
      ? about.filter((one) => one.failed_partitions > 0).map(({ id }) => id)
      : [],
    parallel: ofJob(set.parallel),
    priority: ofJob(set.priority),
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

function readSet({ parallel, priority }: WhatIfInput, problems: Problem[]) {
  const { strategy, priority: read } = readOptions({ parallel, priority }, problems);
  return {
    parallel: strategy.max_parallel,
    priority: priority === undefined ? undefined : read,
  };
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
