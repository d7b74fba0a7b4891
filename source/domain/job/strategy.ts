export type PartitionOrder = 'asc' | 'desc';

export type Strategy = {
  /** Most partitions of the job that run at the same time, over all hosts. 1 = sequential. */
  max_parallel: number;
  /** Failures after which a partition fails permanently. */
  max_attempts: number;
  /** Timeout of one attempt, in milliseconds. */
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
 * Reads the execution_strategy column, which other programs write too: missing and unusable values
 * count as defaults. The SQL function servo_integer has the same rules.
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
 * The column for a strategy: values that differ from the defaults or are `said`. What a job leaves
 * out comes from its asset's settings when it runs.
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

/** The column with changes; keys of other programs are kept. */
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

/** Another program may have written a list, a string or null. */
function rawOf(column: unknown): Record<string, unknown> {
  const isObject = typeof column === 'object' && column !== null && !Array.isArray(column);
  return isObject ? (column as Record<string, unknown>) : {};
}

function whole(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1e9
    ? value
    : fallback;
}
