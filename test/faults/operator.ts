import { setTimeout as sleep } from 'node:timers/promises';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { tenant } from './jobs.ts';
import { changeLimit } from './limits.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

const author = { tenant, actor: 'chaos', reason: 'the fault suite' };

const unfinished = ['pending', 'waiting_upstream', 'running', 'paused', 'resuming'];

async function jobIn(scene: Scene, random: Random, ...states: string[]): Promise<string | null> {
  const rows = await scene.rows<{ id: string }>(
    'select id from backfill_jobs where tenant_id = $1 and state = any ($2) order by id',
    [tenant, states],
  );
  return rows.length === 0 ? null : random.pick(rows).id;
}

/** Somebody at the console or in psql, with the runbook open. Each returns false where there was no job for it. */
export const orders: Readonly<Record<string, (scene: Scene, random: Random) => Promise<boolean>>> =
  {
    'raw pause': raw(
      ['running'],
      (job) => `UPDATE backfill_jobs
SET state = 'paused',
    paused_at = NOW(),
    version = version + 1
WHERE id = '${job}'
  AND state = 'running'
  AND tenant_id = '${tenant}';`,
    ),
    'raw reclaim': raw(
      ['running'],
      (job) => `UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes',
    version = version + 1
WHERE id = '${job}' AND state = 'running';`,
    ),
    // The runbook's bulk reset takes heartbeats of over 10 minutes: these are younger, and are meant all the same.
    'raw bulk reclaim': raw(
      ['running'],
      () => `UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes'
WHERE state = 'running' AND tenant_id = '${tenant}'
RETURNING id, asset_name;`,
    ),
    'raw cancel of what resumes': raw(
      ['resuming'],
      (job) => `UPDATE backfill_jobs
SET state = 'cancelled',
    error_message = 'Bulk cancelled: stuck in resuming state',
    completed_at = NOW(),
    version = version + 1
WHERE state = 'resuming' AND id = '${job}'
RETURNING id, asset_name;`,
    ),
    // A version that somebody forgot to raise.
    'careless pause': raw(
      ['running'],
      (job) =>
        `update backfill_jobs set state = 'paused', paused_at = now() where id = '${job}' and state = 'running'`,
    ),
    pause: async (scene, random) => {
      const job = await jobIn(scene, random, 'running');
      if (job !== null) await actOnJob(scene.database, author, { action: 'pause', id: job });
      return job !== null;
    },
    resume: async (scene, random) => {
      const job = await jobIn(scene, random, 'paused');
      if (job !== null) await actOnJob(scene.database, author, { action: 'resume', id: job });
      return job !== null;
    },
    cancel: async (scene, random) => {
      const job = await jobIn(scene, random, 'pending', 'running', 'paused', 'resuming');
      if (job !== null) await actOnJob(scene.database, author, { action: 'cancel', id: job });
      return job !== null;
    },
    set: async (scene, random) => {
      const job = await jobIn(scene, random, ...unfinished);
      if (job === null) return false;
      const { changes } = await setJob(scene.database, author, job, drawSettings(random));
      return changes.length > 0;
    },
    retry: async (scene, random) => {
      const rows = await scene.rows<{ id: string }>(
        `select id from backfill_jobs j where tenant_id = $1 and state in ('running', 'paused', 'failed')
           and exists (select from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'failed')
         order by created_at desc limit 5`,
        [tenant],
      );
      if (rows.length === 0) return false;
      await retryJob(scene.database, { ...author, actor: 'chaos: retry' }, random.pick(rows).id);
      return true;
    },
    recreate: async (scene, random) => {
      const job = await jobIn(scene, random, ...unfinished);
      if (job === null) return false;
      const input = {
        ...(random.chance(0.5) ? { parallel: String(random.between(1, 4)) } : {}),
        ...(random.chance(0.3) ? { include_upstream: true, max_upstream_depth: '10' } : {}),
      };
      const { job: made } = await recreateJob(
        scene.database,
        { ...author, actor: 'chaos: recreate' },
        job,
        input,
      );
      scene.recreated.push({ old: job, made: made!.id });
      return true;
    },
    limit: changeLimit,
    'hold a row': async (scene, random) => {
      const job = await jobIn(scene, random, 'running');
      if (job === null) return false;
      const client = await scene.pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('begin');
        await client.query('select from backfill_jobs where id = $1 for update', [job]);
        await sleep(random.between(50, 3_000));
        await client.query('commit');
      } catch (error) {
        broken = error as Error;
        throw error;
      } finally {
        client.release(broken);
      }
      return true;
    },
  };

function raw(states: string[], text: (job: string) => string) {
  return async (scene: Scene, random: Random): Promise<boolean> => {
    const job = await jobIn(scene, random, ...states);
    if (job !== null) await scene.rows(text(job));
    return job !== null;
  };
}

/** One to three of what a person may set while the job is unfinished. */
function drawSettings(random: Random) {
  const all = {
    priority: String(random.between(-5, 5)),
    parallel: String(random.between(1, 6)),
    max_attempts: String(random.between(1, 6)),
    timeout: `${random.between(300, 3_000)}ms`,
    deadline: random.chance(0.3) ? 'none' : '+1h',
  };
  const names = Object.keys(all) as (keyof typeof all)[];
  const chosen = Array.from({ length: random.between(1, 3) }, () => random.pick(names));
  return Object.fromEntries(chosen.map((name) => [name, all[name]]));
}
