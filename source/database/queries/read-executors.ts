import type { ExecutorCounts, ExecutorRow } from '../../domain/executor/executor.ts';
import type { Query } from '../database.ts';
import { alive } from './living-executors.ts';

/** Times within JSON come as text. */
type Found = Omit<ExecutorRow, 'slots_busy' | 'running' | 'outages'> & {
  outages: (Omit<ExecutorRow['outages'][number], 'since'> & { since: string })[];
};

/**
 * The tenant's executors: all that have not stopped in order, and what has gone in the last hour. Of what they run, only what is of this tenant.
 */
export async function readExecutors(query: Query, tenant: string): Promise<ExecutorRow[]> {
  const rows = await query<Found>(
    `select id, host, pid, version, slots, handlers, catalogue, started_at, seen_at, hold_reason, draining_at, lost_at, stopped_at,
       (select coalesce(jsonb_agg(o - 'tenant' order by o ->> 'since'), '[]') from jsonb_array_elements(outages) o
         -- What is gone has none: of its last ones nobody knows whether they are over.
         where o ->> 'tenant' = $1 and stopped_at is null and lost_at is null) as outages
     from backfill_executors
     where tenant_id = $1 and (seen_at > clock_timestamp() - interval '1 hour' or stopped_at > clock_timestamp() - interval '1 hour')
     order by stopped_at nulls first, lost_at nulls first, host, started_at limit 1000`,
    [tenant],
  );
  const running = await query<
    ExecutorRow['running'][number] & { lease_owner: string; lease_token: string }
  >(
    `select p.lease_owner, p.lease_token, j.id as job_id, j.asset_name, p.partition_key, p.attempt_count as attempt, p.started_at
     from (
       -- Two probes: one condition for both reads all jobs of the tenant. What has been cancelled is not among the first.
       select id, asset_name from backfill_jobs where tenant_id = $1 and state in ('running', 'paused')
       union all
       select id, asset_name from backfill_jobs where tenant_id = $1 and needs_finalizing and state not in ('running', 'paused')) j
       -- By the jobs, whatever is known of the tables: without statistics all partitions were read.
       cross join lateral (select * from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'running' offset 0) p
     where p.lease_owner = any ($2)
     order by p.started_at`,
    [tenant, rows.map((row) => row.id)],
  );
  return rows.map((row) => {
    const own = running.filter((one) => one.lease_owner === row.id);
    return {
      ...row,
      outages: row.outages.map((one) => ({ ...one, since: new Date(one.since) })),
      slots_busy: new Set(own.map((one) => one.lease_token)).size,
      running: own.slice(0, 100).map(({ lease_owner: _, lease_token: __, ...one }) => one),
    };
  });
}

/** What has been silent for an hour is no news. */
export async function countExecutors(query: Query, tenant: string): Promise<ExecutorCounts> {
  const [row] = await query<ExecutorCounts>(
    `select count(*) filter (where heard)::int as alive, count(*) filter (where not heard)::int as silent
     from (select seen_at > clock_timestamp() - interval '10 seconds' as heard from backfill_executors
       where tenant_id = $1 and stopped_at is null and lost_at is null and seen_at > clock_timestamp() - interval '1 hour') e`,
    [tenant],
  );
  return row!;
}

/** Living executors of the tenant that are held, and why. */
export function heldExecutors(
  query: Query,
  tenant: string,
): Promise<{ id: string; hold_reason: string }[]> {
  return query(
    `select id, hold_reason from backfill_executors
     where ${alive} and hold_reason is not null order by id`,
    [tenant],
  );
}
