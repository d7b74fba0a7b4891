import type { Database } from '../../database/database.ts';
import { livingExecutors } from '../../database/queries/living-executors.ts';
import { settleJob as settleBatch } from '../../database/queries/settle-job.ts';

/**
 * Marks the unfinished partitions of a cancelled job as skipped, batch by batch: an executor's duty,
 * done here only where none of the tenant lives. Returns how many were skipped. What still runs is left
 * to whoever runs it; what is left when this is cut off, to the next executor.
 */
export async function settleJob(
  db: Database,
  author: { tenant: string; actor: string },
  job: string,
): Promise<number> {
  const alive = await db.read(author.tenant, (query) => livingExecutors(query, author.tenant));
  if (alive > 0) return 0;
  let total = 0;
  for (;;) {
    const { skipped, unsettled } = await settleBatch(db, { ...author, job });
    total += skipped;
    if (skipped === 0 || !unsettled) return total;
  }
}
