import type { Author, Database } from '../../database/database.ts';
import { type ListedAsset, readAssets } from '../../database/queries/read-assets.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { type Registered, registerAssets } from '../../database/queries/register-assets.ts';
import type { AssetDeclaration } from '../../domain/start/asset.ts';

export type AssetList = { as_of: Date; tenant_id: string; assets: ListedAsset[] };

export function listAssets(db: Database, tenant: string): Promise<AssetList> {
  return db.read(tenant, async (query) => ({
    as_of: await readClock(query),
    tenant_id: tenant,
    assets: await readAssets(query, tenant),
  }));
}

export type Synced = Registered & { as_of: Date; tenant_id: string; assets: string[] };

/** Like an executor at its start. @throws UsageError as registerAssets */
export async function syncAssets(
  db: Database,
  author: Author,
  declared: readonly AssetDeclaration[],
): Promise<Synced> {
  const { tenant, actor } = author;
  const registered = await registerAssets(db, tenant, actor, declared);
  const as_of = await db.read(tenant, readClock);
  return { as_of, tenant_id: tenant, assets: declared.map(({ name }) => name), ...registered };
}
