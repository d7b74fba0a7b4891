import type { Attempt } from '../../domain/partition/attempt.ts';
import type { Database } from '../database.ts';

/** More is for the next look. */
const most = 1_000;

/**
 * The attempts that run under this executor's leases, as the database sees it; those that are to be
 * rescued left out. Without their granularity: they are to be released, not run. The jobs by two
 * probes: one condition for both read all jobs of the tenant (376 ms at a million, at every look for
 * orphans).
 */
export function findHeld(database: Database, tenant: string, owner: string): Promise<Attempt[]> {
  return database.read(tenant, (query) =>
    query<Attempt>(
      `select p.id, j.id as job_id, j.tenant_id, j.asset_name, null as granularity, p.partition_key, p.attempt_count as attempt,
         p.failure_count as failures, p.lease_token as token
       from (
         select id, tenant_id, asset_name, leases_revoked_at from backfill_jobs where tenant_id = $1 and needs_finalizing
         union all
         select id, tenant_id, asset_name, leases_revoked_at from backfill_jobs
         where tenant_id = $1 and state in ('running', 'paused', 'resuming') and not needs_finalizing
       ) j join backfill_partitions p on p.backfill_job_id = j.id
       where p.state = 'running' and p.lease_owner = $2 and p.lease_token is not null and p.lease_expires_at > clock_timestamp()
         and (j.leases_revoked_at is null or p.started_at > j.leases_revoked_at)
       limit ${most}`,
      [tenant, owner],
    ),
  );
}
