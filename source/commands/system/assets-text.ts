import { writeDuration } from '../../domain/time/duration.ts';
import type { AssetList, Synced } from '../../operations/start/assets.ts';
import { tableText } from '../../presentation/text/fitted-table.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

export function syncText({ assets: all, added, differing }: Synced): string {
  const lines = [
    `${plural(all.length, 'asset')} known, ${added.length} of them new${added.length === 0 ? '' : `: ${added.map((name) => safeText(name)).join(', ')}`}`,
    ...differing.map(
      ({ name, every }) =>
        `${safeText(name)} is by ${safeText(every)} in the database, which differs from its handler: left as it is`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

export function assetsText({ assets: all, tenant_id }: AssetList): string {
  if (all.length === 0) {
    return `tenant ${safeText(tenant_id)} has no assets. Register those of your handlers: servo-tui assets sync --handlers DIR\n`;
  }
  const header = ['ASSET', 'TYPE', 'EVERY', 'EXECUTORS', 'JOBS', 'DEFAULTS', 'UPSTREAMS'];
  return tableText([
    header,
    ...all.map((asset) => [
      safeText(asset.name),
      safeText(asset.asset_type),
      asset.granularity ?? '–',
      String(asset.executors),
      String(asset.unfinished_jobs),
      defaultsOf(asset.defaults),
      asset.upstreams.map((name) => safeText(name)).join(', ') || '–',
    ]),
  ]);
}

function defaultsOf(defaults: AssetList['assets'][number]['defaults']): string {
  const { max_parallel, max_attempts, timeout_ms } = defaults;
  const said = [
    ...(max_parallel === undefined ? [] : [`parallel ${max_parallel}`]),
    ...(max_attempts === undefined ? [] : [`max-attempts ${max_attempts}`]),
    ...(timeout_ms === undefined ? [] : [`timeout ${writeDuration(timeout_ms)}`]),
  ];
  return said.join(', ') || '–';
}
