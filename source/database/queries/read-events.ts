import type { JobEvent } from '../../domain/job-detail.ts';
import type { Query } from '../database.ts';

const columns = `id, job_id, partition_key, kind, from_state, to_state, actor, reason, at`;

/** A job's journal, the newest first. */
export function jobEvents(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<JobEvent[]> {
  return query<JobEvent>(
    `select ${columns} from backfill_events
     where job_id = $2 and tenant_id = $1 order by id desc limit $3`,
    [tenant, job, limit],
  );
}

/** How the job came into the state it is in, as far as the journal knows. */
export async function lastTransition(
  query: Query,
  tenant: string,
  job: string,
  state: string,
): Promise<JobEvent | null> {
  const [row] = await query<JobEvent>(
    `select ${columns} from backfill_events
     where job_id = $2 and tenant_id = $1 and kind = 'state' and to_state = $3 order by id desc limit 1`,
    [tenant, job, state],
  );
  return row ?? null;
}
