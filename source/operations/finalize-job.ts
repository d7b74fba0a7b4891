import type { Database } from '../database/database.ts';
import { finalizeJob as finalizeBatch } from '../database/queries/finalize-job.ts';
import { livingExecutors } from '../database/queries/living-executors.ts';

/**
 * Marks the unfinished partitions of a cancelled job as skipped, batch by batch: an executor's duty,
 * done here only where none of the tenant lives. Returns how many were skipped. What still runs is left
 * to whoever runs it; what is left when this is cut off, to the next executor.
 */
export async function finalizeJob(
  db: Database,
  author: { tenant: string; actor: string },
  job: string,
): Promise<number> {
  const alive = await db.read(author.tenant, (query) => livingExecutors(query, author.tenant));
  if (alive > 0) return 0;
  let total = 0;
  for (;;) {
    const { skipped, needs_finalizing } = await finalizeBatch(db, { ...author, job });
    total += skipped;
    if (skipped === 0 || !needs_finalizing) return total;
  }
}
