/** Output of an attempt, its last 64 KiB: a row of backfill_attempt_logs. */
export type AttemptLog = {
  job_id: string;
  partition_key: string;
  attempt: number;
  executor_id: string;
  at: Date;
  output: string;
};
