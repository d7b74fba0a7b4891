import { readStrategy, type Strategy } from '../job/strategy.ts';
import { type Granularity, isGranularity } from '../partition/period.ts';

export type Asset = {
  id: string;
  name: string;
  granularity: Granularity | null;
  defaults?: AssetDefaults;
};

type AssetDefaults = Partial<Pick<Strategy, 'max_attempts' | 'timeout_ms' | 'max_parallel'>>;

export type AssetDeclaration = {
  name: string;
  asset_type: string;
  /** Null: not declared. */
  every: Granularity | null;
  /** Asset names; null: not declared. */
  upstreams: readonly string[] | null;
  defaults: AssetDefaults;
};

/**
 * Defaults in an asset's partition_config, `{"servo": {"max_attempts": 5, "timeout_ms": 600000,
 * "max_parallel": 4}}`: only usable values, so that `{...readAssetDefaults(column),
 * ...request.strategy}` is the strategy of a new job.
 */
export function readAssetDefaults(column: unknown): AssetDefaults {
  const raw = at(column, 'servo');
  const read = readStrategy({ ...(raw as object), type: 'parallel' });
  const names = ['max_attempts', 'timeout_ms', 'max_parallel'] as const;
  // An unusable value reads as its default, which is left out.
  return Object.fromEntries(
    names.filter((name) => read[name] === at(raw, name)).map((name) => [name, read[name]]),
  );
}

/**
 * The granularity in an asset's partition_config, `{"partition_type": {"Time": {"granularity":
 * "day"}}}`; null without a known one.
 */
export function readGranularity(column: unknown): Granularity | null {
  const word = at(at(at(column, 'partition_type'), 'Time'), 'granularity');
  if (typeof word !== 'string') return null;
  const name = word.toLowerCase();
  return isGranularity(name) ? name : (adverbs.get(name) ?? null);
}

/** As other programs write it. */
const adverbs: ReadonlyMap<string, Granularity> = new Map([
  ['hourly', 'hour'],
  ['daily', 'day'],
  ['weekly', 'week'],
  ['monthly', 'month'],
]);

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
