import type { JobEvent, PartitionState } from '../job/detail.ts';
import type { AttemptLog } from './attempt-log.ts';

export type Partition = {
  partition_key: string;
  state: PartitionState;
  attempt_count: number;
  failure_count: number;
  crash_count: number;
  duration_ms: number | null;
  started_at: Date | null;
  completed_at: Date | null;
  lease_owner: string | null;
  lease_expires_at: Date | null;
  /** Start of the next attempt; null if it was never claimed, or failed permanently. */
  available_at: Date | null;
  error_message: string | null;
};

export type PartitionDetail = {
  as_of: Date;
  tenant_id: string;
  job_id: string;
  partition: Partition;
  /** The newest first, at most 50. */
  events: JobEvent[];
  /** The newest attempt first, at most 10. */
  logs: AttemptLog[];
};
