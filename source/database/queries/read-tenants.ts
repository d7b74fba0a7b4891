import type { Query } from '../database.ts';

/**
 * Tenants with a job or an asset that the role can see, by name: all of them where row-level
 * security is bypassed, otherwise the present one. The jobs are not scanned: each step looks up the
 * next tenant in an index.
 */
export async function tenantNames(query: Query, most: number): Promise<string[]> {
  const rows = await query<{ tenant_id: string }>(
    `with recursive found as (
       (select tenant_id from backfill_jobs order by tenant_id limit 1)
       union all
       select (select j.tenant_id from backfill_jobs j where j.tenant_id > f.tenant_id order by j.tenant_id limit 1)
       from found f where f.tenant_id is not null
     )
     select tenant_id from found where tenant_id is not null
     union select tenant_id from assets where tenant_id is not null
     order by tenant_id limit $1`,
    [most],
  );
  return rows.map(({ tenant_id }) => tenant_id);
}
