import type { ActionParameters, ParameterName } from '../domain/job/action.ts';
import type { ActionResult } from '../domain/job/detail.ts';
import type { Dialog } from '../domain/job/dialog.ts';
import type { JobView } from '../domain/job/job.ts';
import type { CheckName } from '../domain/triage/checks.ts';
import type { Explanation } from '../domain/triage/explanation.ts';
import type { Zone } from '../presentation/text/format.ts';
import type { ActionName } from './actions.ts';
import type { Failure } from './effects.ts';

/** A text field of the card. */
export type FieldName = ParameterName | 'reason' | 'check';
export type CardFocus = 'cancel' | FieldName | 'confirm';

/** The intent card: one action on one job as it was seen, waiting for the operator's word. */
export type Card = {
  type: 'card';
  name: ActionName;
  job: JobView;
  /** Of several jobs: which, as they were read; `job` is the first of them. Null for one. */
  plan: CardPlan | null;
  /** The database's clock when the job was read, and ours. */
  as_of: Date;
  /** In which the card tells times, and reads those without a zone. */
  zone: Zone;
  seen_at: number;
  focus: CardFocus;
  /** What was typed, by field; the fields of other actions are absent. */
  values: Readonly<Partial<Record<FieldName, string>> & Record<'reason' | 'check', string>>;
  /** Where the next character goes in the field that has the focus. */
  caret: number;
  /** What the operator must type to enable the button; null where nothing is asked. */
  expected: string | null;
  token: number;
  /** What somebody, perhaps at another console, did to the job lately; null while not known, or nothing. */
  recent: string | null;
  /** What explain knows of its one job; null while not known. */
  known: Explanation | null;
  /** The failed partition that was selected, and whether it alone is to be tried again. */
  selected: string | null;
  only: string | null;
  /** Who else has a dialog open on its jobs, and when that was so; null while not known. */
  others: { as_of: Date; dialogs: readonly Dialog[] } | null;
  /** When the card had been painted: input before that, and 300 ms on, is dropped. */
  painted_at: number | null;
  /** What is missing, said when `y` came too early. */
  hint: string | null;
};

/** What is to be done to one job of a plan, where that is not the same for all of them. */
export type PlannedChange = { name: ActionName; parameters: ActionParameters };

/** A frozen list of jobs, and what an action would do to each. */
export type CardPlan = {
  id: string;
  created_at: Date;
  /** A job is there for each of its changes, where it has changes of its own. */
  jobs: readonly { job: JobView; refusal: string | null; change?: PlannedChange }[];
  /** Those that are not on the screen. */
  hidden: readonly JobView[];
  /** How many of the marked ones are not there any more. */
  missing: number;
  /** The first line of the list that is shown. */
  top: number;
};

/** A list that is being read, for an action, for changes of their own, or (both absent) to be marked. */
export type Planning = {
  request: number;
  name: ActionName | null;
  changes?: readonly { id: string; change: PlannedChange }[];
};

/** One job of a run, and what became of it; `lost`: it was sent, and the answer never came. */
export type RunItem = {
  job: JobView;
  result: ActionResult | null;
  lost: boolean;
  change?: PlannedChange;
};

/** A plan that is being carried out, until the operator has read what became of each job. */
export type Run = {
  plan: { id: string; created_at: Date };
  name: ActionName;
  reason: string | null;
  parameters: ActionParameters;
  items: readonly RunItem[];
  /** The request that is on its way. */
  request: number | null;
  /** Why it does not go on by itself; null while it does. */
  stopped: Failure | 'by hand' | null;
  /** The operator has put its list away since it ended: it is found by its key only. */
  read?: true;
};

/** The list of what became of each job of the run. */
export type RunList = { type: 'run'; top: number };

export type UnlockFocus = 'cancel' | 'check' | 'confirm';

/** The question before a read-only place is unlocked. */
export type Unlock = {
  type: 'unlock';
  focus: UnlockFocus;
  typed: string;
  caret: number;
  expected: string;
  token: number;
  /** As a card's. */
  painted_at: number | null;
  hint: string | null;
};

/** What is typed after `:`, and the line that Enter would run. */
export type Palette = { type: 'palette'; text: string; caret: number; cursor: number };

export type Help = { type: 'help'; filter: string; caret: number; cursor: number };
/** A recommended action, with the checks that it is to end. */
export type RecommendedAction = { name: ActionName; id: string; checks: readonly CheckName[] };
/** An action that was recommended, until it is known whether it has helped. */
export type Verifying = RecommendedAction & { since: number | null };

/** A text to be read in full, as it was when it was opened. */
export type Reader = {
  type: 'reader';
  title: string;
  text: string;
  top: number;
  /** The action that the text recommends, and on what: Enter opens its card. */
  recommended?: RecommendedAction;
  /** What `y` copies; null where nothing is. */
  copy: string | null;
  /** Where it comes from; null for a text that is whole. */
  source: ReaderSource | null;
  /** It may change, or is still being read. */
  live: boolean;
  /** The end stays in sight when the text grows. */
  follow: boolean;
};

export type ReaderSource =
  | { type: 'partition'; id: string; key: string; part: 'all' | 'log' }
  | { type: 'job-sql'; id: string }
  | { type: 'explain'; id: string };

/** The screen's filter while it is typed; Esc brings back what was there before. */
export type FilterField = { type: 'filter'; before: string; caret: number };

export type Overlay = Card | RunList | Unlock | Help | Palette | Reader | FilterField;
