const day = 86_400_000;

export const retention = {
  /** Ended jobs and their journal: default of `prune`, which alone deletes them. */
  jobs: 90 * day,
  /** Minimum for `prune`, so that yesterday can be investigated. */
  jobs_least: day,
  /** Samples, outputs of attempts and rows of dead executors; a leader purges them. */
  samples: 14 * day,
  logs: 14 * day,
  executors: 14 * day,
} as const;

export type Pruned = {
  jobs: number;
  partitions: number;
  events: number;
  samples: number;
  logs: number;
  executors: number;
};
