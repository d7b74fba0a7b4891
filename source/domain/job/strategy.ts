export type PartitionOrder = 'asc' | 'desc';

/** A job's execution_strategy: how many of its partitions run at once, and how each is tried. */
export type Strategy = {
  /** Partitions of the job that may run at once, over all hosts. 1 = sequential. */
  max_parallel: number;
  /** Failures after which a partition is failed for good. */
  max_attempts: number;
  /** Time one attempt may take, in milliseconds. */
  timeout_ms: number;
  order: PartitionOrder;
};

export const strategyDefaults: Readonly<Strategy> = {
  max_parallel: 1,
  max_attempts: 3,
  timeout_ms: 5 * 60_000,
  order: 'asc',
};

/**
 * Reads the execution_strategy column, which other programs write too: what is missing or not
 * usable counts as its default. The same rules stand in the SQL function servo_integer.
 */
export function readStrategy(column: unknown): Strategy {
  const raw = rawOf(column);
  return {
    max_parallel: raw.type === 'parallel' ? whole(raw.max_parallel, 1) : 1,
    max_attempts: whole(raw.max_attempts, strategyDefaults.max_attempts),
    timeout_ms: whole(raw.timeout_ms, strategyDefaults.timeout_ms),
    order: raw.order === 'desc' ? 'desc' : 'asc',
  };
}

/**
 * The column for a strategy; only what differs from the defaults is written, and what was said in so many words: where a job does
 * not say, the settings of its asset count when it runs.
 */
export function writeStrategy(
  strategy: Partial<Strategy>,
  said: Partial<Strategy> = {},
): Record<string, unknown> {
  const { max_parallel = 1, ...rest } = strategy;
  const kept = Object.entries(rest).filter(
    ([name, value]) =>
      value !== undefined &&
      (value !== strategyDefaults[name as keyof Strategy] ||
        said[name as keyof Strategy] !== undefined),
  );
  return {
    type: max_parallel > 1 ? 'parallel' : 'sequential',
    ...(max_parallel > 1 ? { max_parallel } : {}),
    ...Object.fromEntries(kept),
  };
}

/** The column with some of it changed; what other programs wrote besides is kept. */
export function changeStrategy(
  column: unknown,
  changes: Partial<Strategy>,
): Record<string, unknown> {
  const { type: _, max_parallel: __, ...kept } = rawOf(column);
  const { max_parallel, ...rest } = { ...readStrategy(column), ...changes };
  const said = Object.entries(rest).filter(
    ([name, value]) =>
      name in kept || name in changes || value !== strategyDefaults[name as keyof Strategy],
  );
  return {
    ...kept,
    type: max_parallel > 1 ? 'parallel' : 'sequential',
    ...(max_parallel > 1 ? { max_parallel } : {}),
    ...Object.fromEntries(said),
  };
}

/** Another program may have written a list, a word or nothing. */
function rawOf(column: unknown): Record<string, unknown> {
  const isObject = typeof column === 'object' && column !== null && !Array.isArray(column);
  return isObject ? (column as Record<string, unknown>) : {};
}

function whole(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1e9
    ? value
    : fallback;
}
