import type { FinishedCounts, Progress } from '../../domain/executor/throttle.ts';
import type { Query } from '../database.ts';

/**
 * Finished partitions of running jobs: in total, and since the oldest sample of the last ten
 * minutes or a start within them.
 */
export async function readFinished(
  query: Query,
  tenant: string,
  jobs: readonly string[],
): Promise<{ id: string; progress: Progress; lately: FinishedCounts }[]> {
  const rows = await query<
    { id: string } & FinishedCounts & { version: number; done: number; lost: number }
  >(
    `select j.id, j.version, j.completed_partitions as done, j.failed_partitions as lost,
       j.completed_partitions::bigint - coalesce(s.completed, 0) as completed, j.failed_partitions::bigint - coalesce(s.failed, 0) as failed
     from backfill_jobs j left join lateral (
       select completed, failed from backfill_samples
       where job_id = j.id and at > clock_timestamp() - interval '10 minutes' order by at limit 1) s on true
     where j.tenant_id = $1 and j.id = any ($2) and j.state = 'running'
       and (s.completed is not null or j.started_at > clock_timestamp() - interval '10 minutes')`,
    [tenant, jobs],
  );
  return rows.map(({ id, version, done, lost, completed, failed }) => ({
    id,
    progress: { version, completed: done, failed: lost },
    lately: { completed, failed },
  }));
}
