import type { Author, Database } from '../../database/database.ts';
import { livingExecutors } from '../../database/queries/living-executors.ts';
import { lockJob } from '../../database/queries/lock-job.ts';
import { countRunning, reclaimJob as reclaim } from '../../database/queries/reclaim-job.ts';
import { wakeExecutors, writeEvent } from '../../database/queries/write-event.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { Outcome } from './act-on-job.ts';
import { refuseChanged, type Seen } from './seen.ts';

/**
 * Takes a running job from whoever runs it, as the runbook's emergency SQL does (backfill-operations, "Force reclaim"): its leases
 * are void from now on, what ran under them is tried again, and the next executor claims it. Of a job that has failed or was
 * cancelled: the attempts that still run are stopped and skipped.
 */
export function reclaimJob(
  db: Database,
  author: Author,
  id: string,
  seen?: Seen,
): Promise<Outcome> {
  return db.write(author, async (query) => {
    const job = await lockJob(query, author.tenant, id);
    if (job === null) {
      const message = `there is no job ${shortId(id)}`;
      const hint = 'see: servo-tui list';
      return { id, result: 'failed', state: null, version: null, message, hint };
    }
    const { state, version } = job;
    const ended = state === 'failed' || state === 'cancelled';
    const running = ended ? await countRunning(query, author.tenant, id) : 0;
    if (state !== 'running' && running === 0) {
      const why = ended
        ? `it is ${state}, and none of its attempts runs`
        : `only running jobs can be reclaimed; this one is ${state.replace('_', ' ')}`;
      const message = `cannot reclaim ${shortId(id)} (${why})`;
      const hint = `see why it does not run with: servo-tui explain ${shortId(id)}`;
      return { id, result: 'skipped', state, version, message, hint };
    }
    refuseChanged('reclaim', job, seen);
    const now = await reclaim(query, author.tenant, id);
    await writeEvent(query, author, id, 'reclaim requested');
    await wakeExecutors(query, author.tenant);
    const alive = await livingExecutors(query, author.tenant);
    return {
      id,
      result: 'applied',
      state,
      version: now,
      message: ended
        ? `stopping what runs of ${job.asset_name} ${shortId(id)} (${running} ${running === 1 ? 'attempt' : 'attempts'}): its partitions are skipped`
        : `reclaiming ${job.asset_name} ${shortId(id)}: what runs is taken back and tried again`,
      hint:
        alive > 0 ? null : 'no executor of this tenant lives: start one with servo-tui --worker',
    };
  });
}
