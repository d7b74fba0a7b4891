import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../source/errors.ts';
import { isAbsence } from './absence.ts';
import { violationsAtRest, violationsNow } from './checks.ts';
import { dossiers } from './dossier.ts';
import { externalWriter } from './external-writer.ts';
import { faults } from './faults.ts';
import { DisturbedWriter, makeJob, tenant } from './jobs.ts';
import { Random } from './random.ts';
import { Scene } from './scene.ts';
import { makeTree } from './trees.ts';

export type Report = {
  seed: number;
  seconds: number;
  /** What the role's settings were, other than the server's own. */
  defaults: string[];
  thrown: Record<string, number>;
  jobs: Record<string, number>;
  /** Those of them that had to wait for others, by how they ended. */
  trees: Record<string, number>;
  partitions: Record<string, number>;
  /** Attempts that did not simply complete, by kind: from the journal. */
  attempts: Record<string, number>;
  violations: string[];
  /** All that is known of the jobs that they name. */
  dossiers: string[];
};

export type RunOptions = {
  seed: number;
  /** How long faults are thrown. Draining comes on top. */
  milliseconds: number;
  /** Leases and heartbeats run so many times faster. */
  speed?: number;
  hosts?: number;
  /** The program PgBouncer, if workers are to reach the database through it. */
  pooler?: string | undefined;
  /** The folder of PostgreSQL's programs, if there are to be a primary and a standby. */
  replication?: string | undefined;
  say?(line: string): void;
  /** Ends the run early, and cleans up. */
  signal?: AbortSignal;
};

/** Jobs that wait or run at once. */
const crowd = 8;
/** Everything must have come to an end within so long after the last fault. */
const drainMs = 120_000;

/** Throws random faults at workers for a while, lets everything come to an end, and says what was violated. */
export async function run(options: RunOptions): Promise<Report> {
  const { seed, milliseconds, say = () => {} } = options;
  const scene = await Scene.open({
    seed,
    hosts: options.hosts ?? 3,
    speed: options.speed ?? 50,
    pooler: options.pooler,
    replication: options.replication,
  });
  const started = performance.now();
  const until = started + milliseconds;
  const random = new Random(seed);
  const thrown: Record<string, number> = {};
  const violations = new Set<string>();
  const note = (lines: readonly string[]) => {
    for (const line of lines) {
      if (!violations.has(line)) say(`VIOLATION ${line}`);
      violations.add(line);
    }
  };
  const goOn = () => performance.now() < until && !options.signal?.aborted;
  try {
    await Promise.all([
      storm(scene, random.fork(), goOn, thrown, note),
      feed(scene, random.fork(), goOn, note),
      base(scene, random.fork(), goOn, thrown),
      keep(scene, goOn),
      watch(scene, goOn, note),
    ]);
    options.signal?.throwIfAborted();
    note(await comeToRest(scene));
    note(await violationsAtRest(scene));
    return {
      seed,
      seconds: Math.round((performance.now() - started) / 1000),
      defaults: scene.defaults.map(([name, value]) => `${name} = ${value}`),
      thrown: { ...thrown, ...scene.endpoint.thrown },
      jobs: await counts(
        scene,
        `select state as what, count(*)::int as n from backfill_jobs where tenant_id = $1 group by 1 order by 1`,
      ),
      trees: await counts(
        scene,
        `select state as what, count(*)::int as n from backfill_jobs j where tenant_id = $1
           and exists (select from backfill_upstreams u where u.job_id = j.id) group by 1 order by 1`,
      ),
      partitions: await counts(
        scene,
        `select state as what, count(*)::int as n from backfill_partitions where tenant_id = $1 group by 1 order by 1`,
      ),
      attempts: await counts(
        scene,
        `select kind as what, count(*)::int as n from backfill_events where tenant_id = $1 and kind not in ('state', 'completed') group by 1 order by 1`,
      ),
      violations: [...violations],
      dossiers: await dossiers(scene, [...violations]),
    };
  } finally {
    await scene.close();
  }
}

async function counts(scene: Scene, text: string): Promise<Record<string, number>> {
  const rows = await scene.rows<{ what: string; n: number }>(text, [tenant]);
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

/** One fault after the other, some of them at the same time. */
async function storm(
  scene: Scene,
  random: Random,
  goOn: () => boolean,
  thrown: Record<string, number>,
  note: (lines: string[]) => void,
): Promise<void> {
  const weights = Object.fromEntries(
    Object.entries(faults).map(([name, { weight }]) => [name, weight]),
  );
  const open = new Set<Promise<void>>();
  let restarting = false;
  while (goOn()) {
    await sleep(random.between(50, 400));
    const name = random.weighted(weights);
    const own = random.fork();
    const restart = name.startsWith('server restart') || name === 'failover';
    if (restart && restarting) continue;
    if (restart) restarting = true;
    const one = faults[name]!.fault(scene, own)
      .then((done) => {
        if (done) thrown[name] = (thrown[name] ?? 0) + 1;
      })
      .catch((error) => {
        if (!isAbsence(error) && !isRefusal(error))
          note([`the suite's own fault "${name}": ${messageOf(error)}`]);
      })
      .finally(() => {
        open.delete(one);
        if (restart) restarting = false;
      });
    open.add(one);
  }
  await Promise.all(open);
}

/** A row that somebody else changes, a lock that does not come in time, a job that has ended meanwhile: what an operator would look at again. */
function isRefusal(error: unknown): boolean {
  return ['55P03', '40P01', '40001', 'not_allowed'].includes(
    (error as { code?: string }).code ?? '',
  );
}

async function feed(
  scene: Scene,
  random: Random,
  goOn: () => boolean,
  note: (lines: string[]) => void,
): Promise<void> {
  while (goOn()) {
    await scene.insist(async () => {
      const [row] = await scene.rows<{ n: number; waiting: number }>(
        `select count(*) filter (where state <> 'waiting_upstream')::int as n, count(*) filter (where state = 'waiting_upstream')::int as waiting
         from backfill_jobs where tenant_id = $1 and state in ('pending', 'running', 'resuming', 'waiting_upstream')`,
        [tenant],
      );
      if (row!.n >= crowd) return;
      const tree = random.chance(0.15) && row!.waiting < crowd;
      await (tree ? makeTree(scene, random) : makeJob(scene.pool, random)).catch((error) => {
        if (error instanceof DisturbedWriter) note([error.message]);
        else if (!isRefusal(error)) throw error;
      });
    });
    await sleep(100);
  }
}

async function base(
  scene: Scene,
  random: Random,
  goOn: () => boolean,
  thrown: Record<string, number>,
): Promise<void> {
  while (goOn()) {
    const mayCrash = random.chance(0.5);
    const name = mayCrash ? 'external writer that may crash' : 'external writer';
    const did = await scene.insist(() => externalWriter(scene, random, mayCrash));
    if (did) thrown[name] = (thrown[name] ?? 0) + 1;
    await sleep(random.between(200, 3_000));
  }
}

async function watch(
  scene: Scene,
  goOn: () => boolean,
  note: (lines: string[]) => void,
): Promise<void> {
  while (goOn()) {
    note(await scene.insist(() => violationsNow(scene)));
    await sleep(1_000);
  }
}

/** A host whose worker is gone gets another one, as a service manager does. */
async function keep(scene: Scene, goOn: () => boolean): Promise<void> {
  while (goOn()) {
    for (const host of scene.hosts) if (!host.busy) host.start();
    await sleep(100);
  }
}

/** No more faults: what is paused is resumed, and every job must end. */
async function comeToRest(scene: Scene): Promise<string[]> {
  const deadline = performance.now() + drainMs;
  await scene.insist(() => scene.limits.lift(scene));
  for (;;) {
    for (const host of scene.hosts) host.start();
    const open = await scene.insist(async () => {
      await scene.rows(
        `update backfill_jobs set state = 'resuming', heartbeat_at = now(), version = version + 1 where tenant_id = $1 and state = 'paused'`,
        [tenant],
      );
      return scene.rows<{ id: string; state: string; at: string }>(
        `select id, state, asset_name from backfill_jobs where tenant_id = $1
         and (state not in ('completed', 'failed', 'cancelled') or needs_finalizing or cardinality(lease_tokens) > 0)`,
        [tenant],
      );
    });
    if (open.length === 0) return [];
    if (performance.now() > deadline) {
      const partitions = await scene.rows(
        `select partition_key, state, attempt_count, lease_owner, lease_expires_at, available_at from backfill_partitions
         where backfill_job_id = $1 and state not in ('completed', 'skipped') limit 5`,
        [open[0]!.id],
      );
      const logs = scene.hosts.map((host) => host.worker?.log.slice(-1_000) ?? 'no worker');
      return [
        `not at rest after ${drainMs / 1000} s: ${JSON.stringify([open.slice(0, 5), partitions, logs])}`,
      ];
    }
    await sleep(200);
  }
}
