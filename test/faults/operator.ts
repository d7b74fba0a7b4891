import { setTimeout as sleep } from 'node:timers/promises';
import { cancelJob, pauseJob, resumeJob } from '../../source/operations/act-on-job.ts';
import { tenant } from './jobs.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

const author = { tenant, actor: 'chaos', reason: 'the fault suite' };

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
      if (job !== null) await pauseJob(scene.database, author, job);
      return job !== null;
    },
    resume: async (scene, random) => {
      const job = await jobIn(scene, random, 'paused');
      if (job !== null) await resumeJob(scene.database, author, job);
      return job !== null;
    },
    cancel: async (scene, random) => {
      const job = await jobIn(scene, random, 'pending', 'running', 'paused', 'resuming');
      if (job !== null) await cancelJob(scene.database, author, job);
      return job !== null;
    },
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
