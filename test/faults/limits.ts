import type { LimitScope } from '../../source/database/queries/limits.ts';
import { setLimit } from '../../source/operations/system/limits.ts';
import { tenant } from './jobs.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** A limit that was set: in force from some moment between `from` and `by`, in ms since 1970 by the database's clock. */
type Change = { scope: LimitScope; name: string; most: number | null; from: number; by: number };

const author = { tenant, actor: 'chaos: limit' };

/** Not of the external writer's assets: it ignores limits. */
const places: readonly { scope: LimitScope; name: string; most: number }[] = [
  { scope: 'asset', name: 'slow', most: 2 },
  { scope: 'asset', name: 'flaky', most: 2 },
  { scope: 'asset', name: 'source', most: 2 },
  { scope: 'asset_type', name: 'sql', most: 4 },
  { scope: 'asset_type', name: 'lineage', most: 3 },
  { scope: 'asset_type', name: 'executable', most: 2 },
  { scope: 'tenant', name: '', most: 6 },
];

/** Between a claim's look at the limits and its line in the journal lies no waiting, but a busy machine. */
const slackMs = 2_000;

/** All the limits that were ever in force, and the jobs that began to run under them. */
export class LimitHistory {
  readonly #changes: Change[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** One change after the other, so that it is known which came last. */
  change(scene: Scene, limit: Omit<Change, 'from' | 'by'>): Promise<void> {
    const done = this.#last.then(() => this.#change(scene, limit));
    this.#last = done.catch(() => {});
    return done;
  }

  async #change(scene: Scene, { scope, name, most }: Omit<Change, 'from' | 'by'>): Promise<void> {
    const from = await now(scene);
    // Whether it is in force is unknown until the reply comes.
    const change = { scope, name, most, from, by: Number.POSITIVE_INFINITY };
    this.#changes.push(change);
    await setLimit(scene.database, author, { scope, name, max_running: most });
    change.by = await now(scene);
  }

  /** The most that any limit which may have been in force at that moment allowed. */
  #allowed(scope: LimitScope, name: string, at: number): number {
    const changes = this.#changes.filter((one) => one.scope === scope && one.name === name);
    const certain = changes.filter(({ by }) => by < at - slackMs).at(-1);
    const since = certain === undefined ? -1 : changes.indexOf(certain);
    const perhaps = changes.filter((one, i) => i > since && one.from <= at);
    const most = [certain?.most ?? null, ...perhaps.map((one) => one.most)];
    return Math.max(...most.map((one) => one ?? Number.POSITIVE_INFINITY));
  }

  /** Takes every limit away: what waits for one is to come to an end. */
  async lift(scene: Scene): Promise<void> {
    for (const { scope, name } of places) await this.change(scene, { scope, name, most: null });
  }

  /** Reads the journal: at no moment has an executor let a job run that was one too many. */
  async violations(scene: Scene): Promise<string[]> {
    const events = await scene.rows<Transition>(
      `select e.job_id as job, e.to_state as state, e.actor, e.at, j.asset_name as asset, a.asset_type as type
       from backfill_events e join backfill_jobs j on j.id = e.job_id join assets a on a.id = j.asset_id
       where e.tenant_id = $1 and e.kind = 'state' order by e.id`,
      [tenant],
    );
    const running = new Map<string, Transition>();
    const lines: string[] = [];
    for (const event of events) {
      running.delete(event.job);
      if (event.state !== 'running') continue;
      // An external writer's claim takes no lock, and may be uncommitted when an executor counts.
      if (!byExecutor.test(event.actor)) continue;
      running.set(event.job, event);
      for (const { scope, name } of places) {
        if (!isOf(event, scope, name)) continue;
        const count = [...running.values()].filter((one) => isOf(one, scope, name)).length;
        const allowed = this.#allowed(scope, name, event.at.getTime());
        if (count > allowed)
          lines.push(
            `limits are exact: job ${event.job}: ${count} running of ${scope} ${name} at ${event.at.toISOString()}, limit ${allowed}`,
          );
      }
    }
    return lines;
  }
}

type Transition = {
  job: string;
  state: string;
  actor: string;
  at: Date;
  asset: string;
  type: string;
};

/** host:pid:random */
const byExecutor = /:\d+:[0-9a-f]{8}$/;

function isOf(one: Transition, scope: LimitScope, name: string): boolean {
  return { asset: one.asset === name, asset_type: one.type === name, tenant: true }[scope];
}

async function now(scene: Scene): Promise<number> {
  const [row] = await scene.rows<{ now: Date }>('select clock_timestamp() as now');
  return row!.now.getTime();
}

/** Somebody sets a limit, or takes one away. */
export async function changeLimit(scene: Scene, random: Random): Promise<boolean> {
  const { most, ...place } = random.pick(places);
  const chosen = random.chance(0.4) ? null : random.between(place.scope === 'tenant' ? 2 : 0, most);
  await scene.limits.change(scene, { ...place, most: chosen });
  return true;
}
