import { randomUUID } from 'node:crypto';
import type { Author } from '../../database/database.ts';
import type { NewJob } from '../../database/queries/create-job.ts';
import type { Job } from '../../domain/job/job.ts';

export function followUp(
  author: Author,
  job: Job,
  keys: readonly string[],
  changes: Partial<NewJob> = {},
): NewJob {
  return {
    tenant_id: job.tenant_id,
    asset_id: job.asset_id,
    asset_name: job.asset_name,
    idempotency_key: randomUUID(),
    execution_strategy: job.execution_strategy,
    partition_start: null,
    partition_end: null,
    total_partitions: keys.length,
    created_by: [...author.actor].slice(0, 255).join(''),
    sla_deadline_at: job.sla_deadline_at,
    priority: job.priority,
    include_upstream: false,
    max_upstream_depth: 0,
    state: 'pending',
    parent_job_id: null,
    execution_order: job.execution_order,
    follows: job.id,
    ...changes,
  };
}
