/**
 * Times in ms. SQL gets them as parameters; the literals of triggers are held to these by
 * test/architecture/policy.test.ts.
 */
export const policy = {
  /** Time without a ping after which an executor is silent, or dead if its lock is free. */
  alive_ms: 10_000,
  /** Heartbeat age at which a running job is stale: any executor may take it over. */
  stale_ms: 120_000,
  /** Life of a lease; renewed while the attempt runs. */
  lease_ms: 120_000,
  /** Time after which a resuming job that no executor has claimed is reported. */
  unclaimed_ms: 30_000,
  /** How long an executor leaves a job with missing partitions to the writer that adds them. */
  creation_grace_ms: 30_000,
  /** A heartbeat set further than this into the past is an order to reclaim (the runbooks'). */
  reclaim_ms: 60_000,
  /** A job's heartbeat and ETA are indexed: written no more often than this. */
  heartbeat_write_ms: 5_000,
  /** Interval between two forecasts of a tenant, and the shortest after a change. */
  forecast_ms: 5_000,
  least_forecast_ms: 1_000,
  /** Age at which stored forecasts are not believed any more. */
  forecast_fresh_ms: 20_000,
  /** Interval between checks of a job that is being created. */
  incomplete_poll_ms: 250,
  /** Lost leases that make a partition poison. */
  max_crashes: 3,
} as const;
