import type { Reading } from '../domain/forecast/trend.ts';
import type { JobDetail, PartitionBucket } from '../domain/job/detail.ts';
import type { JobFilter } from '../domain/job/filter.ts';
import { parseFilter } from '../domain/job/filter.ts';
import type { JobInsight } from '../domain/job/insight.ts';
import type { JobView } from '../domain/job/job.ts';
import { byAttention, type Lateness, type Sort } from '../domain/job/order.ts';
import type { JobPage, Page } from '../domain/job/page.ts';
import type { JobSettings } from '../domain/job/settings.ts';
import type { CheckName } from '../domain/triage/checks.ts';
import type { Zone } from '../presentation/text/format.ts';
import type { Hue } from '../presentation/text/hue.ts';
import type { Tone } from '../presentation/text/tone.ts';
import type { ActionName } from './actions.ts';
import type { Binding } from './binding.ts';
import { type Boards, boardNames, emptyBoards } from './boards.ts';
import { type Cost, noCost } from './cost.ts';
import type { Effect, Failure } from './effects.ts';
import type { Labels } from './labels.ts';
import type { Size } from './messages.ts';
import type { Overlay, Planning, Run, Verifying } from './overlay.ts';

export type ConsoleOptions = {
  labels: Labels;
  read_only: boolean;
  /** Why a read-only place cannot be unlocked; null where it can. */
  locked_reason?: string | null;
  /** The present context's colour; null for the usual one. */
  accent?: Hue | null;
  /** Whether the terminal's background is light; what it says of itself does not count then. */
  light?: boolean;
  /** The keymap, where the configuration changes keys of it. */
  keymap?: readonly Binding[];
  /** The contexts of the configuration file. */
  contexts?: readonly string[];
  /** Tenants that are known by name. */
  tenants?: readonly string[];
  zone: Zone;
  interval_ms: number;
  size: Size;
};

export const screenNames = ['jobs', 'job', ...boardNames] as const;
export type ScreenName = (typeof screenNames)[number];

export type JobsScreen = {
  list: JobPage | null;
  received_at: number | null;
  /** Ids in the order shown, gone among them. */
  order: readonly string[];
  /** The last that was known of jobs that are shown but no longer there. */
  gone: Readonly<Record<string, JobView>>;
  /** The cursor is a job, never a row number. */
  cursor: string | null;
  /** The first row of the window, as an index into `order`. */
  top: number;
  sort: Sort;
  filter: JobFilter;
  /** The order is held until then, because the operator moves. */
  keep_order_until: number;
  /** The end of the table that the operator has gone to, and that is still to be read. */
  goal: 'first' | 'last' | null;
  /** How many come before the first job held; null where that is not known. */
  first: number | null;
  /** Of all living jobs of the tenant, as they were counted last. */
  late: Lateness | null;
  /** How many match which filter, and when that was counted. */
  counted: { at: number; filter: string; total: Page['total'] } | null;
};

export const panelNames = ['failed', 'open', 'slow', 'events', 'tree', 'executors'] as const;
export type PanelName = (typeof panelNames)[number];

export type JobScreen = {
  id: string;
  /** From the table at first, then from the job itself. */
  job: JobView;
  detail: JobDetail | null;
  map: JobMap;
  /** Read less often than the rest. */
  insight: JobInsight | null;
  insight_read_at: number | null;
  /** What the job's failures and version were then. */
  insight_of: string | null;
  /** The job's figures as the console has seen them, some seconds apart: the trend of one that has no samples yet. */
  readings: readonly Reading[];
  received_at: number | null;
  gone: boolean;
  panel: PanelName;
  /** What is selected in each panel: a partition key, a message, an event's id. */
  selected: Readonly<Record<PanelName, string | null>>;
  /** The failures whose partitions are listed below them: the first one's key. */
  unfolded: string | null;
  /** The job from which this one was opened. */
  before: JobScreen | null;
};

/** The partition map as it was last read, whole or in part. */
export type JobMap = {
  buckets: readonly PartitionBucket[];
  /** When all of it was asked for the last time. */
  asked_at: number | null;
  /** The job's state then, and whether anybody was at work (`mapState`). */
  state: string | null;
  /** Partitions that were finished, and failed, when any of it was read. */
  finished: number;
  failed: number;
};

/** The connection as the answers show it. */
export type Link = {
  failure: Failure | null;
  /** Since when there has been no good answer; null while all is well. */
  down_since: number | null;
  failed_attempts: number;
  /** A question asked so long ago that its silence is worth showing. */
  silent_since: number | null;
};

/** An action on its way, until the database has confirmed what became of it. */
export type Follow = {
  id: string;
  asset_name: string;
  name: ActionName;
  /** The job as it was acted upon, and what was to be set. */
  seen: JobView;
  settings: JobSettings;
  /** The version that it has since: a reading of a lower one is older. */
  applied_version: number;
  /** The job to look at: another one where the action made one. */
  watch_id: string;
  /** Partitions that are tried again: how many, and keys of theirs, at most 1,000. */
  retried: { count: number; keys: readonly string[] };
  request: number;
  phase: 'sent' | 'applied' | 'unknown' | 'settled';
  sent_at: number;
  /** When the action was applied: what it waits for may take a while. */
  applied_at: number | null;
  looked_at: number;
  text: string;
  tone: Tone;
  /** What kept the job from running when the card was open, as far as it was known. */
  hindrance: string | null;
  /** When the text last became another one. */
  text_changed_at: number;
};

/** A job that is followed: what was last heard of it. */
export type Bell = Pick<JobView, 'id' | 'asset_name' | 'state' | 'risk_level'>;

export type Notice = { text: string; tone: Tone };

/** A question in flight; `id` is the job it asks about. */
export type Question = { request: number; asked_at: number; id: string | null };

export type State = {
  options: ConsoleOptions;
  size: Size;
  /** The monotonic clock of the last message. */
  at: number;
  screen: ScreenName;
  /** The screens that one came through, the newest last: where `back` leads. */
  trail: readonly ScreenName[];
  jobs: JobsScreen;
  job: JobScreen | null;
  /** The job beside the table, where there is room for it: the one under the cursor, as far as it has been read. */
  pane: JobScreen | null;
  boards: Boards;
  /** The check whose findings are shown, or were last. */
  check: CheckName | null;
  overlay: Overlay | null;
  link: Link;
  /** At most one for a job, the newest last. */
  follows: readonly Follow[];
  /** Marked jobs, by id: what the keys act upon while there are any. */
  marks: ReadonlySet<string>;
  /** Every move marks what lies between the anchor and the cursor. */
  range: { anchor: string; before: ReadonlySet<string> } | null;
  /** A list of jobs that is being read: for this action, or (null) to be marked. */
  planning: Planning | null;
  /** Until then what is typed goes on with a text whose dialog has closed. */
  ignore_typing_until: number;
  run: Run | null;
  verifying: Verifying | null;
  /** The card that other consoles are told of, and one that they cannot be told of: their tokens. */
  dialogs: { announced: number | null; refused: number | null };
  /** The jobs whose changes ring. */
  bells: readonly Bell[];
  /** Columns that are scrolled away where all of them are shown, each as wide as it likes; null where they are fitted. */
  wide: number | null;
  notice: Notice | null;
  frozen_at: number | null;
  /** Whether the terminal's background is light, as far as is known. */
  light: boolean;
  /** Where the console began: `home` leads back there, though it may be no context. */
  home: Labels;
  /** Counts the places that the console has been in: whose the answers must be. */
  context_number: number;
  /** The place that is being opened. */
  opening: string | null;
  /** Until when a read-only place may be written to. */
  unlocked_until: number | null;
  /** Tenants known by name, and visited. */
  tenants: readonly string[];
  interval_ms: number;
  cost: Cost;
  /** The questions in flight: one per view, and an answer to any other is dropped. */
  asked: Readonly<
    Record<
      | 'jobs'
      | 'job'
      | 'board'
      | 'watch'
      | 'reader'
      | 'report'
      | 'alerts'
      | 'find'
      | 'verify'
      | 'context'
      | 'bells'
      | 'dialogs'
      | 'pane',
      Question | null
    >
  >;
  next_request: number;
};

export type Step = readonly [State, readonly Effect[]];

/** So many jobs are held whole; of more the table holds a stretch. */
export const tableLimit = 1000;

export function initialState(options: ConsoleOptions): State {
  return {
    options,
    size: options.size,
    at: 0,
    screen: 'jobs',
    trail: [],
    jobs: {
      list: null,
      received_at: null,
      order: [],
      gone: {},
      cursor: null,
      top: 0,
      sort: byAttention,
      filter: parseFilter(''),
      keep_order_until: 0,
      goal: null,
      first: 0,
      counted: null,
      late: null,
    },
    job: null,
    pane: null,
    boards: emptyBoards,
    check: null,
    overlay: null,
    link: { failure: null, down_since: null, failed_attempts: 0, silent_since: null },
    follows: [],
    marks: new Set(),
    range: null,
    planning: null,
    ignore_typing_until: 0,
    run: null,
    verifying: null,
    dialogs: { announced: null, refused: null },
    bells: [],
    wide: null,
    notice: null,
    frozen_at: null,
    home: options.labels,
    context_number: 0,
    light: options.light ?? false,
    opening: null,
    unlocked_until: null,
    tenants: [...new Set([options.labels.tenant, ...(options.tenants ?? [])])],
    interval_ms: options.interval_ms,
    cost: noCost,
    asked: {
      report: null,
      jobs: null,
      job: null,
      board: null,
      watch: null,
      reader: null,
      alerts: null,
      find: null,
      verify: null,
      context: null,
      bells: null,
      dialogs: null,
      pane: null,
    },
    next_request: 1,
  };
}
