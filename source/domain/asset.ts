import { type Granularity, isGranularity } from './period.ts';

/** What `start` needs to know of a row of assets. */
export type Asset = { id: string; name: string; granularity: Granularity | null };

/**
 * The granularity in an asset's partition_config, `{"partition_type": {"Time": {"granularity":
 * "day"}}}`, or null where the column says nothing that we know.
 */
export function readGranularity(column: unknown): Granularity | null {
  const word = at(at(at(column, 'partition_type'), 'Time'), 'granularity');
  if (typeof word !== 'string') return null;
  const name = word.toLowerCase();
  return isGranularity(name) ? name : (adverbs.get(name) ?? null);
}

/** Other programs write the granularity so. */
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
