import type { ReachedLimit } from '../../domain/triage/explain.ts';
import type { Query } from '../database.ts';

export type Limit = ReachedLimit;
export type LimitScope = Limit['scope'];

/** Counts like servo_limits_reached_v1 (migrations/functions/limits.sql), for all limits. */
export function readLimits(query: Query, tenant: string): Promise<Limit[]> {
  return query<Limit>(
    `select l.scope, l.name, l.max_running, (
       select count(*)::int from backfill_jobs j join assets a on a.id = j.asset_id
       where j.tenant_id = $1 and j.state = 'running'
         and case l.scope when 'asset' then j.asset_name = l.name when 'asset_type' then a.asset_type = l.name else true end) as running
     from backfill_limits l where l.tenant_id = $1
     order by array_position(array['tenant', 'asset_type', 'asset'], l.scope), l.name`,
    [tenant],
  );
}

/** `max_running` null removes the limit. */
export async function writeLimit(
  query: Query,
  tenant: string,
  limit: Pick<Limit, 'scope' | 'name'> & { max_running: number | null },
): Promise<void> {
  const { scope, name, max_running } = limit;
  if (max_running === null) {
    await query('delete from backfill_limits where tenant_id = $1 and scope = $2 and name = $3', [
      tenant,
      scope,
      name,
    ]);
    return;
  }
  await query(
    `insert into backfill_limits (tenant_id, scope, name, max_running) values ($1, $2, $3, $4)
     on conflict (tenant_id, scope, name) do update set max_running = excluded.max_running`,
    [tenant, scope, name, max_running],
  );
}

export async function assetTypes(query: Query, tenant: string): Promise<string[]> {
  const rows = await query<{ asset_type: string }>(
    'select distinct asset_type from assets where tenant_id = $1 or tenant_id is null order by asset_type limit 1000',
    [tenant],
  );
  return rows.map((row) => row.asset_type);
}
