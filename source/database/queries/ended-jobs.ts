/**
 * Jobs that ended since $2, the newest first, at most $3: a subquery of their `columns`, for
 * `queryInIndexOrder`. State by state (index 0035): without statistics, an index led by the tenant
 * alone would look as good.
 */
export const endedRows = (columns: string) =>
  `(select * from ${endedOfEach(columns)} j order by j.completed_at desc, j.id desc limit $3)`;

/** The same, at most $3 of each state. */
export const endedOfEach = (columns: string) =>
  `(select j.* from unnest(array['completed', 'failed', 'cancelled']) s (state) cross join lateral (
     select ${columns} from backfill_jobs where tenant_id = $1 and state = s.state and completed_at >= $2
     order by completed_at desc, id desc limit $3) j)`;
