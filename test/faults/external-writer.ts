import { setTimeout as sleep } from 'node:timers/promises';
import { isAbsence } from './absence.ts';
import { tenant } from './jobs.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** A real one would be taken for dead after 120 s without a heartbeat; scaled, this one gives up before that. */
const lateMs = 800;

/**
 * The base implementation, as the protocol page describes its statements: it claims a pending, else a resuming job; then for each
 * partition it reads the state, writes the heartbeat, claims the lowest pending key, completes it by id alone and writes absolute counters.
 * Each statement is a transaction of its own; nothing is fenced. It may crash after any of them.
 *
 * What it is spared: a job that was paused and resumed while an attempt of ours still runs, or one of its own kind that crashed (seed 8101).
 * The real one takes it, and ends it as completed with that attempt open (a known fault of it): no executor of ours can keep it from
 * that. Executor kinds are not to be mixed on one tenant; the documentation says so.
 * @returns false where there was nothing to claim
 */
export async function externalWriter(
  scene: Scene,
  random: Random,
  mayCrash: boolean,
): Promise<boolean> {
  const [job] = await scene.rows<{ id: string; version: number }>(
    `WITH claimed AS (UPDATE backfill_jobs SET state = 'running', started_at = COALESCE(started_at, NOW()), heartbeat_at = NOW(), version = version + 1
     WHERE id = (SELECT id FROM backfill_jobs WHERE tenant_id = $1 AND state IN ('pending', 'resuming') AND asset_name = 'fast' AND cardinality(lease_tokens) = 0
       AND EXISTS (SELECT FROM backfill_partitions WHERE backfill_job_id = backfill_jobs.id)
       AND NOT EXISTS (SELECT FROM backfill_partitions WHERE backfill_job_id = backfill_jobs.id AND state = 'running')
       ORDER BY CASE state WHEN 'pending' THEN 0 ELSE 1 END, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, version), noted AS (INSERT INTO base_jobs SELECT id FROM claimed)
     SELECT * FROM claimed`,
    [tenant],
  );
  if (job === undefined) return false;
  const crashAt = mayCrash ? random.between(1, 60) : Number.POSITIVE_INFINITY;
  let statements = 0;
  let beaten = performance.now();
  const say = async (text: string, values: unknown[]) => {
    // Taken for dead: a real one would go on as a zombie, which the protocol does not claim to survive.
    if (++statements > crashAt || performance.now() - beaten > lateMs) throw new Crash();
    return scene.rows<Record<string, never>>(text, values);
  };
  try {
    for (;;) {
      const [now] = await say('SELECT state, version FROM backfill_jobs WHERE id = $1', [job.id]);
      if (now!.state !== 'running' || now!.version !== job.version) return true;
      await say('UPDATE backfill_jobs SET heartbeat_at = NOW() WHERE id = $1', [job.id]);
      beaten = performance.now();
      const [partition] = await say(
        `UPDATE backfill_partitions SET state = 'running', attempt_count = attempt_count + 1, started_at = NOW()
         WHERE id = (SELECT id FROM backfill_partitions WHERE backfill_job_id = $1
           AND (state = 'pending' OR (state = 'failed' AND attempt_count < 3)) ORDER BY partition_key LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, partition_key`,
        [job.id],
      );
      if (partition === undefined) break;
      await sleep(random.between(0, 20));
      await say(
        `WITH done AS (UPDATE backfill_partitions SET state = 'completed', completed_at = NOW(), duration_ms = 10 WHERE id = $1
           RETURNING backfill_job_id, partition_key)
         INSERT INTO base_effects (job_id, key) SELECT * FROM done`,
        [partition.id],
      );
      await say(
        `UPDATE backfill_jobs SET completed_partitions = (SELECT count(*) FROM backfill_partitions WHERE backfill_job_id = $1 AND state = 'completed'),
           checkpoint_partition_key = $2 WHERE id = $1`,
        [job.id, partition.partition_key],
      );
    }
    await say(
      `UPDATE backfill_jobs SET state = 'completed', completed_at = NOW(), version = version + 1 WHERE id = $1 AND state = 'running'`,
      [job.id],
    );
  } catch (error) {
    if (!(error instanceof Crash) && !isAbsence(error)) throw error;
  }
  return true;
}

class Crash extends Error {}
