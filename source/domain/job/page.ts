import type { SlotsInUse } from '../triage/claim-scene.ts';
import type { JobList } from './detail.ts';
import type { Dialog } from './dialog.ts';
import type { JobView } from './job.ts';
import type { Lateness, Sort } from './order.ts';

export type Page = {
  /** As requested; an order that is not available at this size becomes `byAttention`. */
  filter: string;
  sort: Sort;
  /** All matching jobs are here; else one page in order. */
  whole: boolean;
  /** Jobs of each state that were searched; null: all. */
  searched: number | null;
  /** More jobs match before the first, after the last. */
  before: boolean;
  after: boolean;
  /** Number of matches; null if not requested or too expensive. */
  total: { count: number; capped: boolean } | null;
  /** Of all unfinished jobs of the tenant; null if unknown under this filter or order. */
  late: Lateness | null;
  kept: JobView[];
  deadlines: Readonly<Record<string, Date | null>>;
  /** A mistake in the filter that only the database shows. */
  problem: string | null;
  dialogs: readonly Dialog[];
  /** Of the tenant's live executors; null if unknown. */
  slots: SlotsInUse | null;
  /** Whether any row of the tenant is visible: without it an empty list is not an all-clear. */
  visible: boolean;
};

export type JobPage = JobList & { page: Page };

/** Where the page lies: at an end of the order, or around a job as it was last seen. */
export type Around =
  | 'first'
  | 'last'
  | Pick<
      JobView,
      'id' | 'state' | 'priority' | 'asset_id' | 'created_at' | 'completed_at' | 'sla_deadline_at'
    >;
