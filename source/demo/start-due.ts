import type { Database } from '../database/database.ts';
import { startBackfill } from '../operations/start/start-backfill.ts';
import { demoTenant } from './jobs.ts';
import { dueJobs, type JobProgress } from './progress.ts';

/** Starts the backfills that are due. Safe to repeat: the idempotency key prevents duplicates. */
export async function startDue(
  database: Database,
  actor: string,
  jobs: readonly JobProgress[],
): Promise<void> {
  for (const job of dueJobs(jobs)) {
    await startBackfill(
      database,
      { tenant: demoTenant, actor },
      {
        asset: job.asset,
        start: job.start,
        end: job.end,
        every: job.every,
        parallel: String(job.max_parallel),
        priority: String(job.priority),
        idempotency_key: `demo ${job.asset}`,
      },
    );
  }
}
