import type { Bound, Unknown } from '../forecast/job-forecast.ts';
import { noChange, type WhatIf } from '../forecast/what-if.ts';

/** One change of a remedy. `job` is an id. */
export type Step =
  | { kind: 'parallel' | 'priority'; job: string; from: number; to: number }
  | { kind: 'pause' | 'resume'; job: string }
  | { kind: 'retry'; job: string; failed: number }
  | { kind: 'deadline'; job: string; from: Date; to: Date }
  /** Most running jobs of the snapshot's limit with this index. */
  | { kind: 'limit'; limit: number; from: number; to: number }
  /** Of the executors that take new work. */
  | { kind: 'slots'; from: number; to: number }
  /** None can run these assets. */
  | { kind: 'executor'; assets: readonly string[]; slots: number }
  /** Those that can run it take no new work: they are on hold or draining. */
  | { kind: 'open' }
  /** Change nothing. */
  | { kind: 'accept' };

/** A job that ends later because of a remedy, and by how much. */
export type Cost = {
  job: string;
  asset_name: string;
  /** Null: without a known end then, as a paused job is. */
  moved_seconds: number | null;
  /** Null without a deadline or an end. */
  late_by_seconds: number | null;
  /** It would have met its deadline. */
  made_late: boolean;
};

export type Remedy = {
  steps: readonly Step[];
  finish_at: Date | null;
  /** Null without a deadline or an end. */
  late_by_seconds: number | null;
  /** The job meets its deadline then. */
  brings_in: boolean;
  /** Less than a tenth of the time until its end is left: it may still miss it. */
  tight: boolean;
  /** Jobs that it makes late first, then the others by the seconds lost. */
  costs: readonly Cost[];
};

/**
 * on_time: nothing is to be done. late: with remedies. incomplete: partitions have failed for good.
 * unknown: something must change before an end can be told. none: it has no deadline.
 */
export type Verdict = 'on_time' | 'late' | 'incomplete' | 'unknown' | 'none';

export type Advice = {
  job_id: string;
  verdict: Verdict;
  bound_by: Bound;
  /** stale: its heartbeat is old, so that no forecast of it can be relied on. */
  unknown: Unknown | 'stale' | null;
  /** The job whose state decides: itself, or the upstream that its end is unknown for. */
  because_of: string;
  finish_at: Date | null;
  late_by_seconds: number | null;
  /** The best first. */
  remedies: readonly Remedy[];
  /** The search stopped early because of the number of jobs. */
  truncated: boolean;
};

/** The what-if that a remedy's steps are. */
export function whatIfOf(steps: readonly Step[]): WhatIf {
  return steps.reduce<WhatIf>(withStep, noChange);
}

function withStep(what: WhatIf, step: Step): WhatIf {
  switch (step.kind) {
    case 'parallel':
      return { ...what, parallel: { ...what.parallel, [step.job]: step.to } };
    case 'priority':
      return { ...what, priority: { ...what.priority, [step.job]: step.to } };
    case 'pause':
      return { ...what, pause: [...what.pause, step.job] };
    case 'resume':
      return { ...what, resume: [...what.resume, step.job] };
    case 'retry':
      return { ...what, retry_failed: [...what.retry_failed, step.job] };
    case 'deadline':
      return { ...what, deadline: { ...what.deadline, [step.job]: step.to } };
    case 'limit':
      return { ...what, limits: { ...what.limits, [step.limit]: step.to } };
    case 'slots':
      return { ...what, slots: step.to };
    case 'executor':
      return { ...what, executor: { slots: step.slots, assets: step.assets } };
    case 'open':
      return { ...what, claiming: 'open' };
    case 'accept':
      return what;
  }
}
