import type { Job } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';
import { jobColumns } from './job-columns.ts';

export async function lockJob(query: Query, tenant: string, id: string): Promise<Job | null> {
  const [row] = await query<Job>(
    `select ${jobColumns} from backfill_jobs j where j.tenant_id = $1 and j.id = $2 for no key update`,
    [tenant, id],
  );
  return row ?? null;
}
