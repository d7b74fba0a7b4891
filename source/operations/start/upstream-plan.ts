/** An upstream of a start: its new job, and the unfinished ones that have its keys. */
export type UpstreamPlan = {
  asset_name: string;
  /** The job itself needs it, not only another upstream. */
  direct: boolean;
  /** Names of the assets that it needs itself. */
  needs: string[];
  execution_order: number;
  /** Of the new job; 0 if unfinished jobs have all its keys. */
  total_partitions: number;
  first_key: string | null;
  last_key: string | null;
  /** Unfinished jobs that have some of its keys: they are waited for. */
  existing: string[];
};
