import type { Job } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';

/** The version is unchanged: it grows with the state only. */
export async function setJobSettings(
  query: Query,
  tenant: string,
  id: string,
  columns: Pick<Job, 'priority' | 'sla_deadline_at' | 'execution_strategy'>,
): Promise<void> {
  await query(
    `update backfill_jobs set priority = $3, sla_deadline_at = $4, execution_strategy = $5 where id = $2 and tenant_id = $1`,
    [tenant, id, columns.priority, columns.sla_deadline_at, columns.execution_strategy],
  );
}
