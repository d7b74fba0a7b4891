import type { Database } from '../../database/database.ts';
import { livingExecutors } from '../../database/queries/living-executors.ts';
import { finalizeJob } from '../../database/queries/finalize-job.ts';

/**
 * Marks the open partitions of a cancelled job as skipped, in batches. Executors do this too: it is
 * done here only if the tenant has none alive. If it is interrupted, the next executor continues.
 * Attempts that are running may finish. Returns how many partitions were skipped.
 */
export async function finalizeJob(
  db: Database,
  { tenant, actor }: { tenant: string; actor: string },
  job: string,
): Promise<number> {
  const alive = await db.read(tenant, (query) => livingExecutors(query, tenant));
  let total = 0;
  for (let more = alive === 0; more; ) {
    const { skipped, needs_finalizing } = await finalizeJob(db, { tenant, actor, job });
    total += skipped;
    more = skipped > 0 && needs_finalizing;
  }
  return total;
}
