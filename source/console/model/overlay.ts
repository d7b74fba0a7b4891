import type { Effects } from '../../domain/forecast/effects.ts';
import type { ActionParameters, ParameterName } from '../../domain/job/action.ts';
import type { ActionResult } from '../../domain/job/detail.ts';
import type { Dialog } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { CheckName } from '../../domain/triage/checks.ts';
import type { Explanation } from '../../domain/triage/explanation.ts';
import type { Zone } from '../../presentation/text/format.ts';
import type { ActionName } from './actions.ts';
import type { Failure } from './effects.ts';

export type Pressed = { key: string; text: string | null; alone: boolean };

export type FieldName = ParameterName | 'reason' | 'check';
export type CardFocus = 'cancel' | FieldName | 'confirm';

export type Card = {
  type: 'card';
  name: ActionName;
  job: JobView;
  plan: CardPlan | null;
  /** The database's clock when the job was read. */
  as_of: Date;
  zone: Zone;
  seen_at: number;
  focus: CardFocus;
  /** Typed text by field; fields of other actions are absent. */
  values: Readonly<Partial<Record<FieldName, string>> & Record<'reason' | 'check', string>>;
  caret: number;
  expected: string | null;
  token: number;
  recent: string | null;
  known: Explanation | null;
  forecast: CardForecast;
  selected: string | null;
  only: string | null;
  others: { as_of: Date; dialogs: readonly Dialog[] } | null;
  /** Input before the paint, and for 300 ms after, is dropped. */
  painted_at: number | null;
  hint: string | null;
};

/** `asked`, `of`: the fields as they were then (background/card-forecast.ts). */
export type CardForecast = {
  asked: string | null;
  /** The last answer; `effects` is null for a failure, whose message is `failure`. */
  answer: { of: string; at: number; effects: Effects | null; failure: string | null } | null;
};

export type PlannedChange = { name: ActionName; parameters: ActionParameters };

export type CardPlan = {
  id: string;
  created_at: Date;
  /** With differing changes a job is listed once per change. */
  jobs: readonly { job: JobView; refusal: string | null; change?: PlannedChange }[];
  hidden: readonly JobView[];
  missing: number;
  truncated?: boolean;
  top: number;
};

/**
 * A list of jobs being read: for an action, for differing changes, or (both absent) to be marked.
 */
export type Planning = {
  name: ActionName | null;
  matching?: true;
  changes?: readonly { id: string; change: PlannedChange }[];
};

export type RunItem = {
  job: JobView;
  result: ActionResult | null;
  answer_lost: boolean;
  change?: PlannedChange;
};

export type Run = {
  plan: { id: string; created_at: Date };
  name: ActionName;
  reason: string | null;
  parameters: ActionParameters;
  items: readonly RunItem[];
  request: number | null;
  stopped: Failure | 'by hand' | null;
  read?: true;
};

export type RunList = { type: 'run'; top: number };

export type UnlockFocus = 'cancel' | 'check' | 'confirm';

export type Unlock = {
  type: 'unlock';
  focus: UnlockFocus;
  typed: string;
  caret: number;
  expected: string;
  token: number;
  painted_at: number | null;
  hint: string | null;
};

type FinderOf<T> = { type: T; text: string; caret: number; cursor: number };
export type Palette = FinderOf<'palette'>;
export type Help = FinderOf<'help'>;
export type Finder = Palette | Help;

export type RecommendedAction = {
  name: ActionName;
  id: string;
  /** Fills the dialog in. */
  parameters: ActionParameters;
  checks: readonly CheckName[];
};
export type Verifying = RecommendedAction & { since: number | null };

export type Reader = {
  type: 'reader';
  title: string;
  text: string;
  top: number;
  recommended?: RecommendedAction;
  copy: string | null;
  source: ReaderSource | null;
  live: boolean;
  follow: boolean;
};

export type ReaderSource =
  | { type: 'partition'; id: string; key: string; part: 'all' | 'log' }
  | { type: 'job-sql'; id: string }
  | { type: 'explain'; id: string };

export type FilterField = { type: 'filter'; before: string; caret: number };

export type Overlay = Card | RunList | Unlock | Finder | Reader | FilterField;
