import type { Database } from '../../database/database.ts';
import { countAliveExecutors } from '../../database/queries/alive-executors.ts';
import { finalizeJob as finalizeBatch } from '../../database/queries/finalize-job.ts';

/**
 * Marks the open partitions of a cancelled job as skipped, in batches, if no executor is running to
 * do it. The next executor continues an interrupted run. Attempts that are running may finish.
 * Returns how many partitions were skipped.
 */
export async function finalizeJob(
  db: Database,
  { tenant, actor }: { tenant: string; actor: string },
  job: string,
): Promise<number> {
  const alive = await db.read(tenant, (query) => countAliveExecutors(query, tenant));
  let total = 0;
  for (let more = alive === 0; more; ) {
    const { skipped, needs_finalizing } = await finalizeBatch(db, { tenant, actor, job });
    total += skipped;
    more = skipped > 0 && needs_finalizing;
  }
  return total;
}
