import { type Asset, readAssetDefaults, readGranularity } from '../../domain/asset.ts';
import type { Query } from '../database.ts';

// An asset without a tenant belongs to all of them.
const visible = `(tenant_id = $1 or tenant_id is null)`;

/** The asset of that name, the tenant's own before one that all tenants share; null where there is none. */
export async function findAsset(query: Query, tenant: string, name: string): Promise<Asset | null> {
  const [row] = await query<{ id: string; name: string; partition_config: unknown }>(
    `select id, name, partition_config from assets
     where name = $2 and ${visible} order by tenant_id nulls last limit 1`,
    [tenant, name],
  );
  if (row === undefined) return null;
  return assetOf(row);
}

export async function findAssetById(
  query: Query,
  tenant: string,
  id: string,
): Promise<Asset | null> {
  const [row] = await query<{ id: string; name: string; partition_config: unknown }>(
    `select id, name, partition_config from assets where id = $2 and ${visible}`,
    [tenant, id],
  );
  return row === undefined ? null : assetOf(row);
}

export function assetOf(row: { id: string; name: string; partition_config: unknown }): Asset {
  return {
    id: row.id,
    name: row.name,
    granularity: readGranularity(row.partition_config),
    defaults: readAssetDefaults(row.partition_config),
  };
}

/** Names of the tenant's assets, in order. */
export async function assetNames(query: Query, tenant: string, limit: number): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select distinct name from assets where ${visible} order by name limit $2`,
    [tenant, limit],
  );
  return rows.map((row) => row.name);
}

/**
 * Assets by name, or by what a name begins with where it ends in `*`. Resolved here, among the few
 * assets: a pattern on the jobs would reach no index under row-level security.
 */
export function matchAssets(
  query: Query,
  tenant: string,
  patterns: readonly string[],
): Promise<{ id: string; name: string }[]> {
  return query<{ id: string; name: string }>(
    `select id, name from assets
     where ${visible} and exists (select from unnest($2::text[]) p (pattern)
       where case when right(pattern, 1) = '*' then starts_with(name, left(pattern, -1)) else name = pattern end)
     order by name`,
    [tenant, patterns],
  );
}
