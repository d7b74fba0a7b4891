import type { AssetDeclaration } from '../domain/start/asset.ts';
import type { Problem } from '../errors.ts';
import { noSettings } from './asset-settings.ts';
import type { Catalogue } from './handler.ts';

export function declarationsOf(catalogue: Catalogue): AssetDeclaration[] {
  return [...catalogue.values()].map(({ asset, kind, settings = noSettings }) => ({
    name: asset,
    asset_type: settings.asset_type ?? kind,
    every: settings.every,
    upstreams: settings.upstreams,
    defaults: {
      ...(settings.max_attempts === null ? {} : { max_attempts: settings.max_attempts }),
      ...(settings.timeout_ms === null ? {} : { timeout_ms: settings.timeout_ms }),
      ...(settings.max_parallel === null ? {} : { max_parallel: settings.max_parallel }),
    },
  }));
}

export function lineageProblems(catalogue: Catalogue): Problem[] {
  const seen = new Set<string>();
  const cycleFrom = (asset: string, path: readonly string[]): readonly string[] | null => {
    const at = path.indexOf(asset);
    if (at >= 0) return [...path.slice(at), asset];
    if (seen.has(asset)) return null;
    seen.add(asset);
    for (const upstream of catalogue.get(asset)?.settings?.upstreams ?? []) {
      const cycle = cycleFrom(upstream, [...path, asset]);
      if (cycle !== null) return cycle;
    }
    return null;
  };
  return [...catalogue.keys()].flatMap((asset) => {
    const cycle = cycleFrom(asset, []);
    if (cycle === null) return [];
    return {
      message: `upstreams form a cycle: ${cycle.join(' needs ')}`,
      hint: 'remove one of them',
    };
  });
}
