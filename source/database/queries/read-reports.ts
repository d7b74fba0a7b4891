import type { JobEvent } from '../../domain/job/detail.ts';
import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { AttemptCount, JobAttempts } from '../../domain/report/reports.ts';
import type { Query } from '../database.ts';
import { endedOfEach } from './ended-jobs.ts';
import { queryInIndexOrder } from './index-order.ts';
import { activityColumns, activityJoins, type JobRow, jobColumns, jobOf } from './job-columns.ts';
import { eventColumns } from './read-events.ts';

/** A job's last events that are searched: a million attempts may have failed. */
const maxEvents = 100_000;

/** Events of the job itself, not of its partitions, in ascending order. */
export async function jobTimeline(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<JobEvent[]> {
  const rows = await query<JobEvent>(
    `select ${eventColumns} from (
       select * from backfill_events where job_id = $2 and tenant_id = $1 order by id desc limit ${maxEvents}) e
     where partition_key is null order by id desc limit $3`,
    [tenant, job, limit],
  );
  return rows.reverse();
}

export function countAttempts(query: Query, tenant: string, job: string): Promise<AttemptCount[]> {
  return query<AttemptCount>(
    `select kind, count(*)::int as count, min(at) as first_at, max(at) as last_at from (
       select kind, at, partition_key from backfill_events
       where job_id = $2 and tenant_id = $1 order by id desc limit ${maxEvents}) e
     where partition_key is not null and kind <> 'adopted' group by kind order by 2 desc, 1`,
    [tenant, job],
  );
}

/**
 * The id of the tenant's last event before a moment; 0 if there is none. Ids grow with time, except
 * for late commits, and have an index; times have none. A binary search of about twenty probes.
 */
export async function lastIdBefore(query: Query, tenant: string, at: Date): Promise<number> {
  const newestUpTo = async (id: number) => {
    const [row] = await query<{ id: number; old: boolean }>(
      `select id, at < $2 as old from backfill_events where tenant_id = $1 and id <= $3 order by id desc limit 1`,
      [tenant, at, id],
    );
    return row;
  };
  const last = await newestUpTo(Number.MAX_SAFE_INTEGER);
  if (last === undefined || last.old) return last?.id ?? 0;
  // All events up to `low` are older; that of `high` is not.
  let [low, high] = [0, last.id];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const found = await newestUpTo(middle);
    if (found === undefined || found.old) low = middle;
    else high = found.id;
  }
  return low;
}

/**
 * Events after an id with which persons, or executors with a reason, decided about jobs
 * (`isDecision` in domain/report/reports.ts); the last `limit`, in ascending order. Executors'
 * other events would crowd these out.
 */
export async function decisionsAfter(
  query: Query,
  tenant: string,
  after: number,
  limit: number,
): Promise<JobEvent[]> {
  const rows = await query<JobEvent>(
    `select ${eventColumns} from backfill_events
     where tenant_id = $1 and id > $2 and partition_key is null
       and (reason is not null or actor !~* '^[^:]+:[0-9]+:[0-9a-z-]+$') order by id desc limit $3`,
    [tenant, after, limit],
  );
  return rows.reverse();
}

/** Events of attempts after an id, counted by job and kind, the most frequent first. */
export function countAttemptsAfter(
  query: Query,
  tenant: string,
  after: number,
): Promise<JobAttempts[]> {
  return query<JobAttempts>(
    `select job_id, kind, count(*)::int as count from (
       select job_id, kind, partition_key from backfill_events where tenant_id = $1 and id > $2 order by id desc limit 500000) e
     where partition_key is not null and kind <> 'adopted' group by job_id, kind order by 3 desc, 1, 2 limit 100`,
    [tenant, after],
  );
}

/** Jobs that ended since, by state, at most `most` of each. */
export async function countEndedSince(
  query: Query,
  tenant: string,
  since: Date,
  most: number,
): Promise<Record<string, number>> {
  const rows = await queryInIndexOrder<{ state: string; count: number }>(
    query,
    `select s.state, (select count(*)::int from (
         select from backfill_jobs where tenant_id = $1 and state = s.state and completed_at >= $2 limit $3) j) as count
       from unnest(array['completed', 'failed', 'cancelled']) s (state)`,
    [tenant, since, most],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/**
 * Jobs that ended since, the newest first; at most `limit` of each state, so that completed jobs do
 * not crowd out failed ones.
 */
export async function endedSince(
  query: Query,
  tenant: string,
  since: Date,
  limit: number,
): Promise<(Job & JobActivity)[]> {
  const rows = await queryInIndexOrder<JobRow>(
    query,
    `select ${jobColumns}, ${activityColumns} from ${endedOfEach('*')} j ${activityJoins}
     order by j.completed_at desc, j.id desc`,
    [tenant, since, limit],
  );
  return rows.map(jobOf);
}
