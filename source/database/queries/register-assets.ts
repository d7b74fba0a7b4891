import type { Database } from '../database.ts';

/** Adds the assets that a tenant does not have yet, by their handlers' kinds; returns the names that are new. */
export async function registerAssets(
  database: Database,
  tenant: string,
  actor: string,
  assets: readonly { name: string; asset_type: string }[],
): Promise<string[]> {
  return database.write({ tenant, actor }, async (query) => {
    const rows = await query<{ name: string }>(
      `insert into assets (id, name, asset_type, tenant_id)
       select gen_random_uuid(), name, asset_type, $1::text from unnest($2::text[], $3::text[]) a (name, asset_type)
       where not exists (select from assets e where e.name = a.name and (e.tenant_id = $1::text or e.tenant_id is null))
       on conflict (name, tenant_id) do nothing returning name`,
      [tenant, assets.map((asset) => asset.name), assets.map((asset) => asset.asset_type)],
    );
    return rows.map((row) => row.name);
  });
}
