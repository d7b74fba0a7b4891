import { type AssetDeclaration, readGranularity } from '../../domain/start/asset.ts';
import { type Problem, UsageError } from '../../errors.ts';
import type { Database, Query } from '../database.ts';

export type Registered = {
  added: string[];
  /** Assets whose granularity in the database differs from their handlers'; it is not changed. */
  differing: { name: string; every: string }[];
};

/**
 * Registers the assets of a handler directory in one transaction: new ones, and for the tenant's
 * own ones the defaults for new jobs, a missing granularity, and the declared upstreams. Shared
 * assets and everything else are left alone.
 * @throws UsageError naming every unknown upstream; then nothing is registered
 */
export async function registerAssets(
  database: Database,
  tenant: string,
  actor: string,
  assets: readonly AssetDeclaration[],
): Promise<Registered> {
  return database.write({ tenant, actor }, async (query) => {
    const added = await addAssets(query, tenant, assets);
    const differing = await fillConfigs(query, tenant, assets);
    await declareUpstreams(query, tenant, assets);
    return { added, differing };
  });
}

function configOf({ every, defaults }: AssetDeclaration): Record<string, unknown> {
  return {
    ...(every === null ? {} : { partition_type: { Time: { granularity: every } } }),
    ...(Object.keys(defaults).length === 0 ? {} : { servo: defaults }),
  };
}

async function addAssets(
  query: Query,
  tenant: string,
  assets: readonly AssetDeclaration[],
): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `insert into assets (id, name, asset_type, partition_config, tenant_id)
     select gen_random_uuid(), name, asset_type, nullif(config, '{}'), $1::text
     from unnest($2::text[], $3::text[], $4::jsonb[]) a (name, asset_type, config)
     where not exists (select from assets e where e.name = a.name and (e.tenant_id = $1::text or e.tenant_id is null))
     on conflict (name, tenant_id) do nothing returning name`,
    [
      tenant,
      assets.map((asset) => asset.name),
      assets.map((asset) => asset.asset_type),
      assets.map((asset) => JSON.stringify(configOf(asset))),
    ],
  );
  return rows.map((row) => row.name);
}

/** `servo` in partition_config follows the handlers; an existing granularity stays. */
async function fillConfigs(
  query: Query,
  tenant: string,
  assets: readonly AssetDeclaration[],
): Promise<Registered['differing']> {
  const rows = await query<{ name: string; partition_config: unknown }>(
    // Ordered, so that executors that start at the same time do not deadlock.
    `select name, partition_config from assets where tenant_id = $1 and name = any ($2::text[])
     and coalesce(jsonb_typeof(partition_config), 'object') in ('object', 'null') order by name for no key update`,
    [tenant, assets.map((asset) => asset.name)],
  );
  const declared = new Map(assets.map((asset) => [asset.name, asset]));
  const configs = rows.map(({ name, partition_config }) => {
    const { servo, ...kept } = (partition_config ?? {}) as Record<string, unknown>;
    return { name, config: { ...configOf(declared.get(name)!), ...kept } };
  });
  await query(
    `update assets a set partition_config = nullif(c.config, '{}'), updated_at = clock_timestamp()
     from unnest($2::text[], $3::jsonb[]) c (name, config)
     where a.tenant_id = $1 and a.name = c.name and coalesce(a.partition_config, '{}') is distinct from c.config`,
    [tenant, configs.map(({ name }) => name), configs.map(({ config }) => JSON.stringify(config))],
  );
  return configs.flatMap(({ name, config }) => {
    const wanted = declared.get(name)!.every;
    const every = readGranularity(config);
    return wanted === null || wanted === every ? [] : { name, every: every ?? 'something else' };
  });
}

/** Declared upstreams follow the handlers that declare some. Other lineage stays. */
async function declareUpstreams(
  query: Query,
  tenant: string,
  assets: readonly AssetDeclaration[],
): Promise<void> {
  const wanted = assets.filter((asset) => asset.upstreams !== null);
  if (wanted.length === 0) return;
  const ids = new Map<string, string>();
  const own = new Set<string>();
  const names = [...new Set(wanted.flatMap(({ name, upstreams }) => [name, ...upstreams!]))];
  const rows = await query<{ id: string; name: string; own: boolean }>(
    // The tenant's own asset overwrites the shared one of the same name.
    `select id, name, tenant_id is not null as own from assets where name = any ($2::text[]) and (tenant_id = $1 or tenant_id is null) order by tenant_id nulls first`,
    [tenant, names],
  );
  for (const row of rows) {
    ids.set(row.name, row.id);
    if (row.own) own.add(row.name);
  }
  // Upstreams of shared assets are not declared here.
  const owned = wanted.filter(({ name }) => own.has(name));
  const pairs = owned.flatMap(({ name, upstreams }) =>
    upstreams!.map((upstream) => ({ name, upstream })),
  );
  const problems = pairs.flatMap(({ name, upstream }): Problem[] => {
    if (ids.has(upstream)) return [];
    const message = `${name} has the upstream "${upstream}", which is no asset of tenant ${tenant} and has no handler`;
    return [{ message, hint: `give ${upstream} a handler, or correct upstreams in ${name}.toml` }];
  });
  if (problems.length > 0) throw new UsageError(problems);
  const downstream = pairs.map((pair) => ids.get(pair.name));
  const upstream = pairs.map((pair) => ids.get(pair.upstream));
  await query(
    `delete from asset_dependencies d where dependency_type = 'declared' and downstream_asset_id = any ($1::uuid[])
     and not exists (select from unnest($2::uuid[], $3::uuid[]) e (downstream, upstream)
       where e.downstream = d.downstream_asset_id and e.upstream = d.upstream_asset_id)`,
    [owned.map((asset) => ids.get(asset.name)), downstream, upstream],
  );
  await query(
    `insert into asset_dependencies (id, upstream_asset_id, downstream_asset_id, dependency_type)
     select gen_random_uuid(), upstream, downstream, 'declared' from unnest($1::uuid[], $2::uuid[]) e (downstream, upstream)
     where not exists (select from asset_dependencies d
       where d.downstream_asset_id = e.downstream and d.upstream_asset_id = e.upstream)
     on conflict do nothing`,
    [downstream, upstream],
  );
}
