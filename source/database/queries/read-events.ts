import type { JobEvent } from '../../domain/job/detail.ts';
import type { Query } from '../database.ts';

export const eventColumns = `id, job_id, partition_key, kind, from_state, to_state, actor, login, reason, at`;

export function jobEvents(
  query: Query,
  tenant: string,
  job: string,
  limit: number,
): Promise<JobEvent[]> {
  return query<JobEvent>(
    `select ${eventColumns} from backfill_events
     where job_id = $2 and tenant_id = $1 order by id desc limit $3`,
    [tenant, job, limit],
  );
}

/** How the job came into this state; null if the journal does not know. */
export async function lastTransition(
  query: Query,
  tenant: string,
  job: string,
  state: string,
): Promise<JobEvent | null> {
  const [row] = await query<JobEvent>(
    `select ${eventColumns} from backfill_events
     where job_id = $2 and tenant_id = $1 and kind = 'state' and to_state = $3 order by id desc limit 1`,
    [tenant, job, state],
  );
  return row ?? null;
}

const maxEvents = 1000;

/** Whether a reason in the job's journal ends with this text. */
export async function endsReason(
  query: Query,
  tenant: string,
  job: string,
  end: string,
): Promise<boolean> {
  const rows = await query(
    `select from (select reason from backfill_events where job_id = $2 and tenant_id = $1 order by id desc limit $4) e
     where right(reason, length($3)) = $3 limit 1`,
    [tenant, job, end, maxEvents],
  );
  return rows.length > 0;
}

/** Events of the tenant, or of one job, after this id, the oldest first. */
export function eventsAfter(
  query: Query,
  tenant: string,
  job: string | null,
  after: number,
  limit: number,
): Promise<JobEvent[]> {
  return query<JobEvent>(
    `select ${eventColumns} from backfill_events
     where tenant_id = $1 and ${job === null ? '$2::uuid is null' : 'job_id = $2'} and id > $3 order by id limit $4`,
    [tenant, job, after, limit],
  );
}

/** The newest events, in ascending order. */
export async function latestEvents(
  query: Query,
  tenant: string,
  job: string | null,
  limit: number,
): Promise<JobEvent[]> {
  if (job !== null) return (await jobEvents(query, tenant, job, limit)).reverse();
  const rows = await query<JobEvent>(
    `select ${eventColumns} from backfill_events where tenant_id = $1 order by id desc limit $2`,
    [tenant, limit],
  );
  return rows.reverse();
}
