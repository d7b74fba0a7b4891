import type { Author, Database } from '../../database/database.ts';
import { assetTypes, type Limit, readLimits, writeLimit } from '../../database/queries/limits.ts';
import { assetNames, findAsset } from '../../database/queries/read-assets.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { wakeExecutors } from '../../database/queries/write-event.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { ServoError } from '../../errors.ts';
import { unknownAsset } from '../start/unknown-asset.ts';

export type LimitList = { as_of: Date; tenant_id: string; limits: Limit[] };

export function listLimits(db: Database, tenant: string): Promise<LimitList> {
  return db.read(tenant, async (query) => ({
    as_of: await readClock(query),
    tenant_id: tenant,
    limits: await readLimits(query, tenant),
  }));
}

/**
 * Sets a limit, or removes it (`max_running` null), and returns all limits. Running jobs continue:
 * a limit is checked when a job enters `running`.
 * @throws ServoError not_found for an unknown asset or asset type
 */
export function setLimit(
  db: Database,
  author: Author,
  limit: Pick<Limit, 'scope' | 'name'> & { max_running: number | null },
): Promise<LimitList> {
  const { tenant } = author;
  return db.write(author, async (query) => {
    const known = await readLimits(query, tenant);
    // An existing limit can be changed even if its asset is gone.
    if (!known.some((one) => one.scope === limit.scope && one.name === limit.name)) {
      if (limit.scope === 'asset') {
        const asset = await findAsset(query, tenant, limit.name);
        if (asset === null) throw unknownAsset(limit.name, await assetNames(query, tenant, 5000));
      }
      if (limit.scope === 'asset_type') {
        const types = await assetTypes(query, tenant);
        if (!types.includes(limit.name)) throw unknownType(limit.name, types);
      }
    }
    await writeLimit(query, tenant, limit);
    await wakeExecutors(query, tenant);
    return {
      as_of: await readClock(query),
      tenant_id: tenant,
      limits: await readLimits(query, tenant),
    };
  });
}

function unknownType(name: string, types: readonly string[]): ServoError {
  const near = nearest(name, types);
  const known =
    types.length === 0 ? 'the tenant has no assets' : `known types: ${types.join(', ')}`;
  return new ServoError('not_found', `unknown asset type "${name}"`, {
    hint: near === null ? known : `did you mean ${near}? ${known}`,
  });
}
