import { etaSeconds } from '../forecast/eta.ts';
import { type JobView, slotsForEta, unfinishedRisk } from '../job/job.ts';
import { compareRank } from '../job/rank.ts';
import { isJobState, isTerminal } from '../job/state.ts';
import { readStrategy } from '../job/strategy.ts';
import type { Risk, RiskLevel } from './risk.ts';

/** Slots of executors that claim, and those with a handler for each asset. */
export type Fleet = { slots: number; by_asset: Readonly<Record<string, number>> };

export type WhatIf = {
  /** Of the fleet; null: unchanged. */
  slots: number | null;
  pause: readonly string[];
  retry_failed: readonly string[];
  parallel: Readonly<Record<string, number>>;
  deadline: Readonly<Record<string, Date | null>>;
};

export const noChange: WhatIf = {
  slots: null,
  pause: [],
  retry_failed: [],
  parallel: {},
  deadline: {},
};

export function isNoChange({ slots, pause, retry_failed, parallel, deadline }: WhatIf): boolean {
  return (
    slots === null &&
    pause.length + retry_failed.length === 0 &&
    Object.keys(parallel).length + Object.keys(deadline).length === 0
  );
}

/** The changes that have not come true, of jobs that still exist. */
export function remainingWhatIf(what: WhatIf, jobs: readonly JobView[]): WhatIf {
  const present = new Map(jobs.map((job) => [job.id, job]));
  const holds = (id: string, matches: (job: JobView) => boolean) => {
    const job = present.get(id);
    return job !== undefined && !isTerminal(job.state) && matches(job);
  };
  const kept = <T>(
    record: Readonly<Record<string, T>>,
    differs: (job: JobView, to: T) => boolean,
  ) =>
    Object.fromEntries(
      Object.entries(record).filter(([id, to]) => holds(id, (job) => differs(job, to))),
    );
  return {
    slots: what.slots,
    pause: what.pause.filter((id) => holds(id, ({ state }) => state === 'running')),
    retry_failed: what.retry_failed.filter((id) =>
      holds(id, ({ failed_partitions }) => failed_partitions > 0),
    ),
    parallel: kept(
      what.parallel,
      (job, to) => readStrategy(job.execution_strategy).max_parallel !== to,
    ),
    deadline: kept(what.deadline, (job, to) => job.sla_deadline_at?.getTime() !== to?.getTime()),
  };
}

export type Outlook = {
  id: string;
  slots: number;
  max_parallel: number;
  remaining_partitions: number;
  /** Null if unknown, or without a slot. */
  eta_seconds: number | null;
  incomplete_partitions: number;
  sla_deadline_at: Date | null;
  risk_level: RiskLevel;
  risk_severity: number | null;
  /** Paused: the ETA is that of an immediate resume. */
  paused: boolean;
};

/**
 * Forecasts every job with the arithmetic of the present: no change gives the same figures. Freed
 * slots (of a paused job, a lowered parallelism, new executors) go to running and claimable jobs in
 * claim order, up to their parallelism and handlers; idle slots only to a raised parallelism.
 * Missing slots come from the idle ones, then from the last job in that order.
 *
 * @param jobs all that run or wait for a slot, with a deadline or without
 */
export function forecastWhatIf(
  jobs: readonly JobView[],
  fleet: Fleet,
  what: WhatIf,
  asOf: Date,
  earlyWarningMs = 0,
): Map<string, Outlook> {
  const changed = jobs.filter(({ state }) => !isTerminal(state)).map((job) => change(job, what));
  const slots = share(changed, fleet, (what.slots ?? fleet.slots) - fleet.slots);
  return new Map(
    changed.map((one) => {
      const { job, max_parallel, remaining, deadline, paused } = one;
      const got = slots.get(job.id)!;
      const eta_seconds = etaOf(one, got);
      const incomplete_partitions = job.incomplete_partitions - one.again;
      const risk: Risk = unfinishedRisk(
        {
          deadline,
          eta_seconds,
          least_seconds:
            eta_seconds === null && (job.state === 'paused' || got === aliveSlots(job))
              ? job.needs_seconds
              : null,
          incomplete: incomplete_partitions > 0,
          paused: paused || job.state === 'paused',
        },
        asOf,
        earlyWarningMs,
      );
      return [
        job.id,
        {
          id: job.id,
          slots: got,
          max_parallel,
          remaining_partitions: remaining,
          eta_seconds,
          incomplete_partitions,
          sla_deadline_at: deadline,
          risk_level: risk.level,
          risk_severity: risk.severity,
          paused,
        },
      ];
    }),
  );
}

type Changed = {
  job: JobView;
  max_parallel: number;
  raised: number;
  lowered: boolean;
  remaining: number;
  again: number;
  deadline: Date | null;
  paused: boolean;
};

function change(job: JobView, what: WhatIf): Changed {
  const present = readStrategy(job.execution_strategy).max_parallel;
  const max_parallel = what.parallel[job.id] ?? present;
  const again = what.retry_failed.includes(job.id) ? job.failed_partitions : 0;
  const deadline = what.deadline[job.id];
  return {
    job,
    max_parallel,
    raised: Math.max(0, max_parallel - present),
    lowered: max_parallel < present,
    remaining: job.remaining_partitions + again,
    again,
    deadline: deadline === undefined ? job.sla_deadline_at : deadline,
    paused: what.pause.includes(job.id) && job.state === 'running',
  };
}

const takers = ['running', 'pending', 'resuming'];

function share(changed: readonly Changed[], fleet: Fleet, more: number): Map<string, number> {
  const byRank = changed.toSorted((a, b) =>
    compareRank(
      { ...a.job, sla_deadline_at: a.deadline },
      { ...b.job, sla_deadline_at: b.deadline },
    ),
  );
  const slots = new Map(
    changed.map(({ job, paused, lowered, max_parallel }) => [
      job.id,
      paused ? 0 : lowered ? Math.min(aliveSlots(job), max_parallel) : aliveSlots(job),
    ]),
  );
  const busy = sum(changed.map(({ job }) => aliveSlots(job)));
  const room = ({ job, paused, max_parallel, remaining }: Changed) => {
    if (paused || job.heartbeat_stale || !takers.includes(job.state)) return 0;
    const handled = (fleet.by_asset[job.asset_name] ?? 0) + Math.max(0, more);
    return Math.max(0, Math.min(max_parallel, remaining, handled) - slots.get(job.id)!);
  };
  const give = (pool: number, most: (one: Changed) => number) => {
    let left = pool;
    for (const one of byRank) {
      const given = Math.min(left, room(one), most(one));
      slots.set(one.job.id, slots.get(one.job.id)! + given);
      left -= given;
    }
    return left;
  };
  const freed = busy - sum([...slots.values()]) + more;
  const idle = Math.max(0, fleet.slots - busy);
  if (freed >= 0) {
    give(idle + give(freed, () => Number.POSITIVE_INFINITY), ({ raised }) => raised);
    return slots;
  }
  let missing = -freed - idle;
  for (const { job } of byRank.toReversed()) {
    const taken = Math.max(0, Math.min(missing, slots.get(job.id)!));
    slots.set(job.id, slots.get(job.id)! - taken);
    missing -= taken;
  }
  if (missing < 0) give(-missing, ({ raised }) => raised);
  return slots;
}

function etaOf({ job, max_parallel, remaining, paused }: Changed, slots: number): number | null {
  if (job.heartbeat_stale || !isJobState(job.state)) return null;
  const average = job.avg_partition_duration_ms;
  if (paused) return etaSeconds(remaining, slotsForEta(job), average);
  if (job.state === 'paused' || job.state === 'waiting_upstream') return null;
  // No live executor runs it, and the what-if does not change that.
  if ((job.waits_for !== null || job.health === 'silent') && slots <= aliveSlots(job)) return null;
  if (job.waits_for !== null) return etaSeconds(remaining, slots, average);
  if (job.state !== 'running') return etaSeconds(remaining, max_parallel, average);
  if (job.running_slots === 0) return etaSeconds(remaining, max_parallel, average);
  return slots > 0 ? etaSeconds(remaining, slots, average) : null;
}

/** Slots of a stale job or of silent executors are lost to all. */
function aliveSlots({ heartbeat_stale, running_slots, silent_slots }: JobView): number {
  return heartbeat_stale ? 0 : running_slots - silent_slots;
}

function sum(figures: readonly number[]): number {
  return figures.reduce((all, figure) => all + figure, 0);
}

/** Levels without jobs are absent. */
export function countLevels(
  jobs: readonly { risk_level: RiskLevel }[],
): Partial<Record<RiskLevel, number>> {
  const counts: Partial<Record<RiskLevel, number>> = {};
  for (const { risk_level } of jobs) counts[risk_level] = (counts[risk_level] ?? 0) + 1;
  return counts;
}
