import { simulate } from '../forecast/simulate.ts';
import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import { applyWhatIf } from '../forecast/what-if.ts';
import { isMoved } from '../risk/outlook.ts';
import { type Cost, type Step, whatIfOf } from './advice.ts';

/** When each job ends, in milliseconds after the snapshot; null: unknown. */
export type Ends = readonly (number | null)[];

/** Simulations of changed snapshots: each one once, and not more than the effort allows. */
export class Trials {
  readonly #snapshot: Snapshot;
  readonly #failed: ReadonlyMap<string, number>;
  readonly #known = new Map<string, Ends>();
  #left: number;
  /** The effort was not enough. */
  exhausted = false;

  constructor(snapshot: Snapshot, failed: ReadonlyMap<string, number>, effort: number) {
    this.#snapshot = snapshot;
    this.#failed = failed;
    this.#left = effort;
  }

  /** The ends with these steps; null once the effort is used up. */
  ends(steps: readonly Step[]): Ends | null {
    const name = JSON.stringify(steps);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#left <= 0) {
      this.exhausted = true;
      return null;
    }
    this.#left -= 1;
    const ends = endsOf(applyWhatIf(this.#snapshot, whatIfOf(steps), this.#failed));
    this.#known.set(name, ends);
    return ends;
  }

  /** Whom the steps cost, beside the jobs whose settings they change. */
  costs(steps: readonly Step[]): Cost[] {
    const before = this.ends([]);
    const after = this.ends(steps);
    if (before === null || after === null) return [];
    const changed = new Set(steps.flatMap((step) => ('job' in step ? [step.job] : [])));
    for (const step of steps) if (step.kind === 'pause') changed.delete(step.job);
    return costsBetween(this.#snapshot, before, after).filter(({ job }) => !changed.has(job));
  }
}

/** Jobs that end later, or without a known end: those made late first, then by the time lost. */
export function costsBetween({ jobs, as_of }: Snapshot, before: Ends, after: Ends): Cost[] {
  const costs = jobs.flatMap((job, index) => {
    const [was, then] = [before[index]!, after[index]!];
    if (was === null || (then !== null && then < was)) return [];
    if (!isMoved(was / 1000, then === null ? null : then / 1000)) return [];
    return [costOf(job, as_of, was, then)];
  });
  const lost = ({ moved_seconds }: Cost) => moved_seconds ?? Number.MAX_VALUE;
  return costs.sort(
    (a, b) =>
      Number(b.made_late) - Number(a.made_late) || lost(b) - lost(a) || (a.job < b.job ? -1 : 1),
  );
}

/** The ends that a simulation tells; those that rest on a guessed duration are unknown. */
export function endsOf(snapshot: Snapshot): Ends {
  const guessed = guessedIn(snapshot.jobs);
  return simulate(snapshot).map(({ finish_ms }, index) => (guessed.has(index) ? null : finish_ms));
}

export function leftMs(deadline: Date, asOf: Date): number {
  return deadline.getTime() - asOf.getTime();
}

function costOf(job: SnapshotJob, asOf: Date, was: number, then: number | null): Cost {
  const left = job.sla_deadline_at === null ? null : leftMs(job.sla_deadline_at, asOf);
  return {
    job: job.id,
    asset_name: job.asset_name,
    moved_seconds: then === null ? null : (then - was) / 1000,
    late_by_seconds: then === null || left === null ? null : (then - left) / 1000,
    made_late: left !== null && was <= left && (then === null || then > left),
  };
}

/** Jobs whose duration is not known, and those that wait for one: their ends are guesses. */
function guessedIn(jobs: readonly SnapshotJob[]): Set<number> {
  const indexes = new Map(jobs.map(({ id }, index) => [id, index]));
  const guessed = new Set<number>();
  const add = (index: number) => {
    if (guessed.has(index)) return;
    guessed.add(index);
    for (const other of dependents.get(index) ?? []) add(other);
  };
  const dependents = new Map<number, number[]>();
  for (const [index, { upstreams }] of jobs.entries())
    for (const id of upstreams) {
      const of = indexes.get(id);
      if (of !== undefined) dependents.set(of, [...(dependents.get(of) ?? []), index]);
    }
  for (const [index, { durations, remaining }] of jobs.entries())
    if (durations === null && remaining > 0) add(index);
  return guessed;
}
