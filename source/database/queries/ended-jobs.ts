/**
 * Jobs that ended since $2, the newest first, at most $3: a subquery of their `columns`, for `queryInIndexOrder`. By the index of each
 * state (0035): one that the tenant alone leads passes, where statistics are missing, for the way to any of its jobs.
 */
export const endedRows = (columns: string) =>
  `(select * from ${endedOfEach(columns)} j order by j.completed_at desc, j.id desc limit $3)`;

/** The same, at most $3 of each state. */
export const endedOfEach = (columns: string) =>
  `(select j.* from unnest(array['completed', 'failed', 'cancelled']) s (state) cross join lateral (
     select ${columns} from backfill_jobs where tenant_id = $1 and state = s.state and completed_at >= $2
     order by completed_at desc, id desc limit $3) j)`;
