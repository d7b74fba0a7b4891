import type { JobList } from './detail.ts';
import type { Dialog } from './dialog.ts';
import type { JobView } from './job.ts';
import type { Lateness, Sort } from './order.ts';

/** Which of the jobs that match a list holds. */
export type Page = {
  /** The filter's text and the order, as they were asked for; an order that cannot be had at this size is `byAttention`. */
  filter: string;
  sort: Sort;
  /** All that match are here, and can be sorted and filtered further without asking. Else a stretch of them, in order. */
  whole: boolean;
  /** What no index knows was looked for in so many jobs of each state and no further; null = in all of them. */
  searched: number | null;
  /** More match before the first of these jobs, after the last. */
  before: boolean;
  after: boolean;
  /** How many match; null where it was not asked for, or is not known without reading them. */
  total: { count: number; capped: boolean } | null;
  /** Of all living jobs of the tenant; null where it is not known under this filter or order. */
  late: Lateness | null;
  /** Jobs asked for by id that are not among them: elsewhere in the order, or no longer matching. */
  kept: JobView[];
  /** The deadlines of the jobs that the filter names. */
  deadlines: Readonly<Record<string, Date | null>>;
  /** What is wrong with the filter, found out only here. */
  problem: string | null;
  /** Dialogs that are open at other consoles. */
  dialogs: readonly Dialog[];
  /** Whether anything at all of the tenant is visible: an empty list without it is no news that all is well. */
  visible: boolean;
};

export type JobPage = JobList & { page: Page };

/** Where a page is to be: at an end of the order, or around a job as it was last seen. */
export type Around =
  | 'first'
  | 'last'
  | Pick<
      JobView,
      'id' | 'state' | 'priority' | 'asset_id' | 'created_at' | 'completed_at' | 'sla_deadline_at'
    >;
