import type { Reading } from '../../domain/forecast/trend.ts';
import type { JobDetail, PartitionBucket } from '../../domain/job/detail.ts';
import type { JobFilter } from '../../domain/job/filter.ts';
import { parseFilter } from '../../domain/job/filter.ts';
import type { JobInsight } from '../../domain/job/insight.ts';
import type { JobView } from '../../domain/job/job.ts';
import { byAttention, type Lateness, type Sort } from '../../domain/job/order.ts';
import type { JobPage, Page } from '../../domain/job/page.ts';
import type { JobSettings } from '../../domain/job/settings.ts';
import type { CheckName } from '../../domain/triage/checks.ts';
import type { Zone } from '../../presentation/text/format.ts';
import type { Hue } from '../../presentation/text/hue.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import type { Size } from '../terminal/size.ts';
import type { ActionName } from './actions.ts';
import { type Boards, boardNames, emptyBoards } from './boards.ts';
import type { ContextLead, Effect, Failure, Labels } from './effects.ts';
import type { Overlay, Planning, Run, Verifying } from './overlay.ts';

export type ConsoleOptions = {
  labels: Labels;
  read_only: boolean;
  locked_reason?: string | null;
  accent?: Hue | null;
  light?: boolean;
  keymap: readonly Binding[];
  commands: readonly PaletteCommand[];
  contexts?: readonly string[];
  leads?: Readonly<Record<string, ContextLead>>;
  tenants?: readonly string[];
  zone: Zone;
  interval_ms: number;
  size: Size;
  /** Read all jobs, or the most urgent, and each job read before to its end. */
  follow_all?: true;
};

export const screenNames = ['jobs', 'job', ...boardNames] as const;
export type ScreenName = (typeof screenNames)[number];

/** Where keys apply: a screen, or a text over it. */
export const keyScopes = [...screenNames, 'reader'] as const;
export type KeyScope = (typeof keyScopes)[number];

export const groups = ['Move', 'Look', 'Act', 'Program'] as const;

export type Binding = {
  keys: readonly [string, ...string[]];
  title: string;
  group: (typeof groups)[number];
  on: readonly KeyScope[];
  hint?: string;
  always?: true;
  danger?: true;
  /** Why the key does nothing now, or null. */
  disabled?: (state: State) => string | null;
  run: (state: State) => Step;
};

export type Candidate = { value: string; title: string };

export type PaletteCommand = {
  name: string;
  argument: string | null;
  title: string;
  /** Asks for candidates that are not known yet, once the argument is being typed. */
  load?: (state: State) => Step;
  candidates: (state: State) => readonly Candidate[];
  refusal: (state: State, argument: string) => string | null;
  run: (state: State, argument: string) => Step;
};

export type Cost = {
  /** Milliseconds that each of the last answers took, the newest last. */
  answers: readonly number[];
  /**
   * Minimum milliseconds between two readings because the database is slow; 0 = the operator's
   * interval.
   */
  pace_ms: number;
  paced_at: number;
};

export type JobsScreen = {
  list: JobPage | null;
  received_at: number | null;
  order: readonly string[];
  gone: Readonly<Record<string, JobView>>;
  /** The cursor is a job, never a row number. */
  cursor: string | null;
  top: number;
  sort: Sort;
  filter: JobFilter;
  keep_order_until: number;
  goal: 'first' | 'last' | null;
  first: number | null;
  late: Lateness | null;
  counted: { at: number; filter: string; total: Page['total'] } | null;
};

export const panelNames = ['failed', 'open', 'slow', 'events', 'tree', 'executors'] as const;
export type PanelName = (typeof panelNames)[number];

export type JobScreen = {
  id: string;
  job: JobView;
  detail: JobDetail | null;
  map: JobMap;
  insight: JobInsight | null;
  insight_read_at: number | null;
  /** The job's version and failures at that time. */
  insight_of: string | null;
  /** This console's own readings: the trend of a job without samples. */
  readings: readonly Reading[];
  received_at: number | null;
  gone: boolean;
  panel: PanelName;
  /** What is selected in each panel: a partition key, a message, an event's id. */
  selected: Readonly<Record<PanelName, string | null>>;
  /** The failures whose partitions are listed: the first one's key. */
  unfolded: string | null;
  before: JobScreen | null;
};

export type JobMap = {
  buckets: readonly PartitionBucket[];
  asked_at: number | null;
  /** The job's state then, and whether partitions were running (`mapState`). */
  state: string | null;
  finished: number;
  failed: number;
};

export type Link = {
  failure: Failure | null;
  /** Since when there has been no good answer; null while there is. */
  down_since: number | null;
  failed_attempts: number;
  silent_since: number | null;
};

export type Follow = {
  id: string;
  asset_name: string;
  name: ActionName;
  seen: JobView;
  settings: JobSettings;
  /** The version after the action: a reading with a lower one is older. */
  applied_version: number;
  /** The job to read: another one if the action created one. */
  watch_id: string;
  /** Partitions to be retried: how many, and at most 1,000 of their keys. */
  retried: { count: number; keys: readonly string[] };
  phase: 'sent' | 'applied' | 'unknown' | 'final';
  sent_at: number;
  applied_at: number | null;
  looked_at: number;
  text: string;
  tone: Tone;
  obstacle: string | null;
  text_changed_at: number;
};

export type Bell = Pick<JobView, 'id' | 'asset_name' | 'state' | 'risk_level'>;

export type Notice = { text: string; tone: Tone };

export type Asker =
  | 'jobs'
  | 'job'
  | 'board'
  | 'pane'
  | 'reader'
  | 'card'
  | 'forecast'
  | 'plan'
  | 'run'
  | 'act'
  | 'watch'
  | 'report'
  | 'alerts'
  | 'find'
  | 'verify'
  | 'context'
  | 'bells'
  | 'dialogs'
  | 'tenants';

export type Question = { asker: Asker; request: number; asked_at: number; id: string | null };

export type State = {
  options: ConsoleOptions;
  size: Size;
  at: number;
  screen: ScreenName;
  trail: readonly ScreenName[];
  jobs: JobsScreen;
  job: JobScreen | null;
  pane: JobScreen | null;
  boards: Boards;
  check: CheckName | null;
  overlay: Overlay | null;
  link: Link;
  follows: readonly Follow[];
  marks: ReadonlySet<string>;
  range: { anchor: string; before: ReadonlySet<string> } | null;
  planning: Planning | null;
  /** Until then typed keys are ignored: they belong to a text whose dialog has closed. */
  ignore_typing_until: number;
  run: Run | null;
  verifying: Verifying | null;
  /** Tokens of the dialog that was announced, and of one whose announcement was refused. */
  dialogs: { announced: number | null; refused: number | null };
  bells: readonly Bell[];
  /** Columns scrolled away while all are shown at full width; null while they are fitted. */
  wide: number | null;
  notice: Notice | null;
  frozen_at: number | null;
  light: boolean;
  home: Labels;
  /** Numbers the contexts visited: answers must come from the present one. */
  context_number: number;
  opening: string | null;
  unlocked_until: number | null;
  tenants: readonly string[];
  tenants_read: boolean;
  interval_ms: number;
  cost: Cost;
  /** Questions in flight (asking.ts); answers to others are dropped. */
  asking: readonly Question[];
  next_request: number;
};

export type Step = readonly [State, readonly Effect[]];

/** Up to this many jobs are loaded whole; of more, a part. */
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
    tenants_read: false,
    interval_ms: options.interval_ms,
    cost: { answers: [], pace_ms: 0, paced_at: 0 },
    asking: [],
    next_request: 1,
  };
}
