import type { Job } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';
import { jobColumns } from './job-columns.ts';

/** One job, whose row nobody else changes until the transaction ends: not a step, nor a pause. Null if there is none. */
export async function lockJob(query: Query, tenant: string, id: string): Promise<Job | null> {
  const [row] = await query<Job>(
    `select ${jobColumns} from backfill_jobs j where j.tenant_id = $1 and j.id = $2 for no key update`,
    [tenant, id],
  );
  return row ?? null;
}
