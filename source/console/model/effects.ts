import type { AskedChange, Effects } from '../../domain/forecast/effects.ts';
import type { ActionParameters, JobAction } from '../../domain/job/action.ts';
import type { ActionResult, JobDetail, JobEvent, KeyBounds } from '../../domain/job/detail.ts';
import type { Dialog } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { Sort } from '../../domain/job/order.ts';
import type { Around, JobPage } from '../../domain/job/page.ts';
import type { Settable } from '../../domain/job/settings.ts';
import type { PartitionDetail } from '../../domain/partition/partition.ts';
import type { CheckName } from '../../domain/triage/checks.ts';
import type { DiagnosedJob, Verification } from '../../domain/triage/explanation.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Hue } from '../../presentation/text/hue.ts';
import type { ActionName } from './actions.ts';
import type { BoardData, BoardName } from './boards.ts';

/**
 * All matches if at most `whole`, else `limit` of them around a job or at an end of the order.
 * `keep`: also these jobs. `total`: also the number of matches.
 */
export type LoadJobs = {
  type: 'load-jobs';
  filter: string;
  sort: Sort;
  around: Around;
  limit: number;
  whole: number;
  keep: readonly string[];
  total: boolean;
};

/**
 * `map_buckets`: at most this many; 0 = no map, only `map_ranges`, parts of an earlier one.
 * `insight`: also the expensive part. `keys`: how many of these partitions are in each state.
 */
export type LoadJob = {
  type: 'load-job';
  id: string;
  map_buckets: number;
  map_ranges?: readonly KeyBounds[];
  insight: boolean;
  keys?: readonly string[];
};

export type LoadPartition = { type: 'load-partition'; id: string; key: string };

export type LoadJobSql = { type: 'load-job-sql'; id: string };

export type FindJob = { type: 'find-job'; reference: string };

export type ExplainJob = { type: 'explain-job'; id: string };

export type VerifyJob = { type: 'verify-job'; id: string; checks: readonly CheckName[] };
/** `since_ms`: its period; null = a shift. */
export type ReportRequest =
  | { type: 'handoff'; since_ms: number | null }
  | { type: 'incident'; id: string };

export type WriteReport = { type: 'write-report'; report: ReportRequest };

/** Read these jobs' rows, as far as they exist. */
export type LoadNamed = { type: 'load-named'; ids: readonly string[] };

export type LoadTenants = { type: 'load-tenants' };

export type LoadBoard = { type: 'load-board'; board: BoardName; check: CheckName | null };

export type Act = {
  type: 'act';
  action: JobAction;
  id: string;
  state: string;
  version: number;
  reason: string | null;
  keys?: readonly string[];
  /** The new settings, and the settings as shown; absent if nothing is set. */
  parameters?: ActionParameters;
  settings?: Settable;
  /** The plan that the action belongs to: a step that is done already is not repeated. */
  plan?: { id: string; created_at: Date; step?: string };
};

export type LoadRecentEvents = { type: 'load-recent-events'; id: string };

export type AnnounceDialog = {
  type: 'announce-dialog';
  action: ActionName | 'apply';
  ids: readonly string[];
  renew: boolean;
};

/** What these actions would change for all jobs. */
export type LoadEffects = { type: 'load-effects'; changes: readonly AskedChange[] };

export type CloseDialog = { type: 'close-dialog' };

export type PlanJobs = { type: 'plan-jobs' } & ({ ids: readonly string[] } | { filter: string });

export type DraftPlan = {
  id: string;
  created_at: Date;
  jobs: JobView[];
  /** More jobs match than a plan may hold. */
  truncated: boolean;
};

/**
 * A context of the configuration file, another tenant of the present database, or where the console
 * was started.
 */
export type ContextTarget = { context: string } | { tenant: string } | { home: true };

export type OpenContext = { type: 'open-context'; to: ContextTarget; context_number: number };

export type UnlockContext = { type: 'unlock'; ms: number } | { type: 'lock' };

export type SessionEffect =
  | LoadJobs
  | LoadJob
  | LoadPartition
  | LoadJobSql
  | LoadBoard
  | FindJob
  | LoadNamed
  | LoadTenants
  | ExplainJob
  | VerifyJob
  | WriteReport
  | PlanJobs
  | LoadRecentEvents
  | LoadEffects
  | AnnounceDialog
  | CloseDialog
  | Act;

export type ContextEffect = OpenContext | UnlockContext;

export type DataEffect = SessionEffect | ContextEffect;

/** Where a context of the configuration file leads; null: as the environment says. */
export type ContextLead = { database: string | null; tenant: string | null; read_only: boolean };

export type Labels = {
  /** The section of the configuration file, if one was named. */
  context: string | null;
  database: string;
  tenant: string;
  embedded: boolean;
  /** A superuser or BYPASSRLS role: row-level security does not isolate the tenants. */
  rls_bypassed: boolean;
};

export type ContextView = {
  labels: Labels;
  read_only: boolean;
  locked_reason: string | null;
  accent: Hue | null;
};

export type Failure = { code: ErrorCode; message: string; hint?: string };

export type BoardAnswer = {
  [N in BoardName]: { type: 'board'; board: N; data: BoardData[N] };
}[BoardName];
export type PartitionCounts = Readonly<Record<string, number>>;

export type DataAnswer =
  | { type: 'partition'; detail: PartitionDetail }
  | { type: 'sql'; text: string }
  | { type: 'report'; path: string; text: string }
  | { type: 'jobs'; list: JobPage }
  | BoardAnswer
  | { type: 'explained'; diagnosed: DiagnosedJob }
  | { type: 'verified'; verification: Verification }
  | { type: 'job'; detail: JobDetail; of_keys?: PartitionCounts }
  | { type: 'opened'; view: ContextView }
  | { type: 'unlocked'; ms: number }
  | { type: 'locked' }
  | { type: 'named'; jobs: readonly JobView[] }
  | { type: 'tenants'; tenants: readonly string[] }
  | { type: 'found'; job: JobView }
  | { type: 'planned'; plan: DraftPlan }
  | { type: 'recent-events'; as_of: Date; events: readonly JobEvent[] }
  | { type: 'effects'; effects: Effects }
  | { type: 'dialogs'; as_of: Date; dialogs: readonly Dialog[] }
  | { type: 'dialog-closed' }
  | { type: 'acted'; result: ActionResult }
  | { type: 'failure'; failure: Failure };

/**
 * Runs a data effect: load-jobs → jobs, load-job → job (unknown id: code `not_found`),
 * load-partition → partition, load-job-sql → sql, load-board → board, find-job → found, load-named
 * → named, load-tenants → tenants, write-report → report, open-context → opened, unlock →
 * unlocked, lock → locked, plan-jobs → planned, load-recent-events → recent-events, load-effects →
 * effects, announce-dialog → dialogs, close-dialog → dialog-closed, act → acted. A rejection
 * counts as a failure; a ServoError's code, message and hint are kept. `context_number`: the
 * context that asks; the effect runs in no other.
 */
export type RunEffect = (effect: DataEffect, context_number: number) => Promise<DataAnswer>;

export type TimerName =
  | 'refresh'
  | 'watch'
  | 'notice'
  | 'clock'
  | 'alerts'
  | 'counts'
  | 'verify'
  | 'unlock'
  | 'bells'
  | 'dialogs'
  | 'pane';

/** What the model wants done. */
export type Effect =
  | { type: 'data'; request: number; effect: DataEffect }
  | { type: 'timer'; name: TimerName; after_ms: number }
  | { type: 'stop-timer'; name: TimerName }
  /** Sends `painted` with this token once a frame with the present state has been written. */
  | { type: 'announce-paint'; token: number }
  | { type: 'copy'; text: string }
  | { type: 'ring'; text: string }
  | { type: 'repaint' }
  | { type: 'suspend' }
  | { type: 'exit'; code: number };
