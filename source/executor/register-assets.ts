import type { Database } from '../database/database.ts';
import { registerAssets } from '../database/queries/register-assets.ts';
import type { Catalogue } from '../handlers/handler.ts';
import { declarationsOf } from '../handlers/lineage.ts';
import type { Log } from '../observability/log.ts';

/** Adds the assets that have a handler and are not in the database yet. */
export async function registerCatalogue(
  database: Database,
  {
    tenants,
    id,
    catalogue,
    log,
  }: {
    tenants: readonly string[];
    id: string;
    catalogue: Catalogue;
    log: Log;
  },
): Promise<void> {
  const assets = declarationsOf(catalogue);
  for (const tenant of tenants) {
    const { added, differing } = await registerAssets(database, tenant, id, assets);
    for (const name of added)
      log.info({ asset: name }, `registered the new asset ${name} for tenant ${tenant}`);
    for (const { name, every } of differing)
      log.warn(
        { asset: name },
        `asset ${name} of tenant ${tenant} is partitioned by ${every} in the database: its settings file, which differs, is ignored`,
      );
  }
}
