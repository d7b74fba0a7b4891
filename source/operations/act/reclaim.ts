import type { Author, Database } from '../../database/database.ts';
import { countAliveExecutors } from '../../database/queries/alive-executors.ts';
import { lockJob } from '../../database/queries/lock-job.ts';
import { countRunning, reclaimJob as reclaim } from '../../database/queries/reclaim-job.ts';
import { wakeExecutors, writeEvent } from '../../database/queries/write-event.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type JobSeen, requireUnchanged } from './compare.ts';
import { applied, jobNotFound, noExecutorHint, type Outcome, refused } from './order.ts';

/**
 * Takes a running job away from its executors, like the runbook's emergency SQL
 * (backfill-operations, "Force reclaim"): its leases are revoked, its running partitions are run
 * again, and the next executor claims it. In a failed or cancelled job, running attempts are
 * stopped and their partitions skipped.
 */
export function reclaimJob(
  db: Database,
  author: Author,
  id: string,
  seen?: JobSeen,
): Promise<Outcome> {
  return db.write(author, async (query) => {
    const job = await lockJob(query, author.tenant, id);
    if (job === null) return jobNotFound(id);
    const { state } = job;
    const ended = state === 'failed' || state === 'cancelled';
    const running = ended ? await countRunning(query, author.tenant, id) : 0;
    if (state !== 'running' && running === 0) {
      const reason = ended
        ? `it is ${state} and has no running attempts`
        : `only running jobs can be reclaimed; this one is ${state.replace('_', ' ')}`;
      return refused('reclaim', job, reason, `find out why: servo-tui explain ${shortId(id)}`);
    }
    requireUnchanged('reclaim', job, seen);
    const version = await reclaim(query, author.tenant, id);
    await writeEvent(query, author, id, 'reclaim requested');
    await wakeExecutors(query, author.tenant);
    const alive = await countAliveExecutors(query, author.tenant);
    const name = `${job.asset_name} ${shortId(id)}`;
    const attempts = `${running} ${running === 1 ? 'attempt' : 'attempts'}`;
    return {
      ...applied(id, { state, version }),
      message: ended
        ? `stopping ${attempts} of ${name}: their partitions will be skipped`
        : `reclaiming ${name}: its running partitions will run again`,
      hint: alive > 0 ? null : noExecutorHint,
    };
  });
}
