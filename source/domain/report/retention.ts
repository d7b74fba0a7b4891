const day = 86_400_000;

/** How long things are kept, in milliseconds. */
export const retention = {
  /** Ended jobs and their journal, where `prune` is not told otherwise; never taken away but by it. */
  jobs: 90 * day,
  /** At least so long, whatever `prune` is told: who looks for what happened yesterday must find it. */
  jobs_least: day,
  /** Samples and the outputs of attempts, of living jobs too; executors that are long dead. An executor's janitor takes them away. */
  samples: 14 * day,
  logs: 14 * day,
  executors: 14 * day,
} as const;

/** What was, or would be, taken away. */
export type Pruned = {
  jobs: number;
  partitions: number;
  events: number;
  samples: number;
  logs: number;
  executors: number;
};
