import type { ActionParameters, JobAction } from '../domain/job/action.ts';
import type { ActionResult, JobDetail, JobEvent, KeyBounds } from '../domain/job/detail.ts';
import type { Dialog } from '../domain/job/dialog.ts';
import type { JobView } from '../domain/job/job.ts';
import type { Sort } from '../domain/job/order.ts';
import type { Around, JobPage } from '../domain/job/page.ts';
import type { Settable } from '../domain/job/settings.ts';
import type { PartitionDetail } from '../domain/partition/partition.ts';
import type { CheckName } from '../domain/triage/checks.ts';
import type { JudgedJob, Verification } from '../domain/triage/explanation.ts';
import type { ErrorCode } from '../errors.ts';
import type { Hue } from '../presentation/text/hue.ts';
import type { ActionName } from './actions.ts';
import type { BoardData, BoardName } from './boards.ts';
import type { Labels } from './labels.ts';

/**
 * Read the job table: all that match the filter where those are at most `whole`; else `limit` of them, around a job or at an end of the
 * order. `keep`: and these jobs, wherever they are. `total`: and how many match.
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
 * Read one job. `map_buckets` = at most so many partition buckets; 0 = leave the map unread, but for `map_ranges`, parts of an
 * earlier one. `insight` = what costs more, too. `keys`: and how many of these partitions are in each state.
 */
export type LoadJob = {
  type: 'load-job';
  id: string;
  map_buckets: number;
  map_ranges?: readonly KeyBounds[];
  insight: boolean;
  keys?: readonly string[];
};

/** Read one partition of a job in full. */
export type LoadPartition = { type: 'load-partition'; id: string; key: string };

/** Read the SQL behind the job screen, as it is run. */
export type LoadJobSql = { type: 'load-job-sql'; id: string };

/** Find one job by its id, or by 4 characters or more of its beginning. */
export type FindJob = { type: 'find-job'; reference: string };

/** Walk the runbooks' tree for one job. */
export type ExplainJob = { type: 'explain-job'; id: string };

/** Ask again whether these checks hold for a job. */
export type VerifyJob = { type: 'verify-job'; id: string; checks: readonly CheckName[] };
/** A document for others to read. `since_ms`: of so many milliseconds; null: of a shift. */
export type ReportRequest =
  | { type: 'handoff'; since_ms: number | null }
  | { type: 'incident'; id: string };

/** Write a document to a file, in the folder that the console was started in. */
export type WriteReport = { type: 'write-report'; report: ReportRequest };

/** Read these jobs' rows, as far as they exist. */
export type LoadNamed = { type: 'load-named'; ids: readonly string[] };

/** Read what one of the boards shows: `check` for that board. */
export type LoadBoard = { type: 'load-board'; board: BoardName; check: CheckName | null };

/** An operator's action, compare-and-set on the state and version that the operator saw. */
export type Act = {
  type: 'act';
  action: JobAction;
  id: string;
  state: string;
  version: number;
  /** Null where none was given. Required for some: the dialog sees to it. */
  reason: string | null;
  /** Of a retry: these partitions, and not all that have failed. */
  keys?: readonly string[];
  /** What is to be set, and the settings as they were seen; absent where nothing is. */
  parameters?: ActionParameters;
  settings?: Settable;
  /** The plan that it is a part of: what that has done already is not done again. */
  plan?: { id: string; created_at: Date; step?: string };
};

/** Read the newest lines of a job's journal: who has been at it just now. */
export type LoadRecentEvents = { type: 'load-recent-events'; id: string };

/**
 * Tell the other consoles which dialog is open here, on which jobs, and ask who else has one open on them. It is forgotten after
 * `dialogLease` unless it is told again: `renew` = the same one.
 */
export type AnnounceDialog = {
  type: 'announce-dialog';
  action: ActionName | 'apply';
  ids: readonly string[];
  renew: boolean;
};

/** Tell them that it is closed. */
export type CloseDialog = { type: 'close-dialog' };

/** Read several jobs as they are now, in one list that stays as it is: these, or all that match a filter. */
export type PlanJobs = { type: 'plan-jobs' } & ({ ids: readonly string[] } | { filter: string });

export type DraftPlan = {
  id: string;
  created_at: Date;
  jobs: JobView[];
  /** There are more than a plan may hold. */
  truncated: boolean;
};

/** Another place to look at: a context of the configuration file, another tenant of the present database, or where the console began. */
export type ContextTarget = { context: string } | { tenant: string } | { home: true };

/** Open another place, by this number. The present one stays open until the console has gone there. */
export type OpenContext = { type: 'open-context'; to: ContextTarget; context_number: number };

/** Open the way to write in a read-only place for so long; `lock` closes it before that. */
export type UnlockContext = { type: 'unlock'; ms: number } | { type: 'lock' };

/** What the console asks of the database that it is in. */
export type SessionEffect =
  | LoadJobs
  | LoadJob
  | LoadPartition
  | LoadJobSql
  | LoadBoard
  | FindJob
  | LoadNamed
  | ExplainJob
  | VerifyJob
  | WriteReport
  | PlanJobs
  | LoadRecentEvents
  | AnnounceDialog
  | CloseDialog
  | Act;

export type ContextEffect = OpenContext | UnlockContext;

/** All that the console can ask for. */
export type DataEffect = SessionEffect | ContextEffect;

/** A place as the console shows it. */
export type ContextView = {
  labels: Labels;
  read_only: boolean;
  /** Why it cannot be unlocked; null where it can. */
  locked_reason: string | null;
  /** Its colour; null for the usual one. */
  accent: Hue | null;
};

export type Failure = { code: ErrorCode; message: string; hint?: string };

export type BoardAnswer = {
  [N in BoardName]: { type: 'board'; board: N; data: BoardData[N] };
}[BoardName];
/** Of the partitions that were asked about, how many are in each state. */
export type PartitionCounts = Readonly<Record<string, number>>;

/** The answers, failures among them: they come back by the same door. */
export type DataAnswer =
  | { type: 'partition'; detail: PartitionDetail }
  | { type: 'sql'; text: string }
  | { type: 'report'; path: string; text: string }
  | { type: 'jobs'; list: JobPage }
  | BoardAnswer
  | { type: 'explained'; judged: JudgedJob }
  | { type: 'verified'; verification: Verification }
  | { type: 'job'; detail: JobDetail; of_keys?: PartitionCounts }
  | { type: 'opened'; view: ContextView }
  | { type: 'unlocked'; ms: number }
  | { type: 'locked' }
  | { type: 'named'; jobs: readonly JobView[] }
  | { type: 'found'; job: JobView }
  | { type: 'planned'; plan: DraftPlan }
  | { type: 'recent-events'; as_of: Date; events: readonly JobEvent[] }
  | { type: 'dialogs'; as_of: Date; dialogs: readonly Dialog[] }
  | { type: 'dialog-closed' }
  | { type: 'acted'; result: ActionResult }
  | { type: 'failure'; failure: Failure };

/**
 * Carries out a data effect: load-jobs → jobs, load-job → job (an unknown id: code `not_found`), load-partition → partition,
 * load-job-sql → sql, load-board → board, find-job → found, load-named → named, write-report → report, open-place → opened, unlock → unlocked,
 * lock → locked, plan-jobs → planned, load-lately → lately, hold-dialog → held, leave-dialog → left,
 * act → acted. A rejection counts as a failure too; a ServoError's code, message and hint are kept.
 * `context_number` is the number of the place that the console was in when it asked: nothing is ever asked of another.
 */
export type RunEffect = (effect: DataEffect, context_number: number) => Promise<DataAnswer>;

/** Timers by name: setting one again replaces it. */
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

/** What the model wants done; the loop in source/tui carries it out. */
export type Effect =
  | { type: 'data'; request: number; effect: DataEffect }
  | { type: 'timer'; name: TimerName; after_ms: number }
  | { type: 'stop-timer'; name: TimerName }
  /** Says `painted` with this token once the frame that shows the present state has been written. */
  | { type: 'announce-paint'; token: number }
  | { type: 'copy'; text: string }
  /** Sounds the terminal's bell, and has it notify where it can. */
  | { type: 'ring'; text: string }
  | { type: 'repaint' }
  | { type: 'suspend' }
  | { type: 'exit'; code: number };
