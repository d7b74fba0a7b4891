import { type Asset, readAssetDefaults, readGranularity } from '../../domain/start/asset.ts';
import type { Query } from '../database.ts';
import { alive } from './alive-executors.ts';
import { unfinishedStates } from './unfinished-states.ts';

// An asset without a tenant is shared by all.
const visible = `(tenant_id = $1 or tenant_id is null)`;

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

export async function assetNames(query: Query, tenant: string, limit: number): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select distinct name from assets where ${visible} order by name limit $2`,
    [tenant, limit],
  );
  return rows.map((row) => row.name);
}

export function tenantAssets(
  query: Query,
  tenant: string,
  limit: number,
): Promise<{ id: string; name: string }[]> {
  return query(`select id, name from assets where ${visible} and name is not null limit $2`, [
    tenant,
    limit,
  ]);
}

/**
 * Assets by name; `*` at the end matches any ending. Resolved among the few assets, because a
 * pattern on the jobs would reach no index under row-level security.
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

export type ListedAsset = Required<Asset> & {
  asset_type: string;
  upstreams: string[];
  shared: boolean;
  executors: number;
  unfinished_jobs: number;
};

/** All assets of the tenant, by name; at most 10,000. */
export async function readAssets(query: Query, tenant: string): Promise<ListedAsset[]> {
  const rows = await query<Omit<ListedAsset, keyof Asset> & Parameters<typeof assetOf>[0]>(
    `with alive as materialized (
       select handlers from backfill_executors where ${alive}
     ), jobs as materialized (
       select asset_id, count(*)::int as count from backfill_jobs
       where tenant_id = $1 and state in (${unfinishedStates}) group by asset_id
     )
     select a.id, a.name, a.asset_type, a.partition_config, a.tenant_id is null as shared,
       array(select u.name::text from asset_dependencies d join assets u on u.id = d.upstream_asset_id
         where d.downstream_asset_id = a.id and (u.tenant_id = $1 or u.tenant_id is null) order by u.name) as upstreams,
       (select count(*)::int from alive where a.name = any (handlers)) as executors,
       coalesce((select count from jobs where asset_id = a.id), 0) as unfinished_jobs
     from assets a where (a.tenant_id = $1 or a.tenant_id is null) and a.name is not null
     order by a.name, a.tenant_id nulls last limit 10000`,
    [tenant],
  );
  return rows.map(({ partition_config, ...row }) => ({
    ...row,
    ...(assetOf({ ...row, partition_config }) as Required<Asset>),
  }));
}
