import type { Dialog } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { Zone } from '../../presentation/text/format.ts';
import type { DataAnswer, DataEffect } from '../effects.ts';
import type { Card, FieldName, Run } from '../overlay.ts';

/** An action that the operator is being asked about, on one job or on a plan's: one question after the other. */
export type Asking = Pick<Card, 'name' | 'job' | 'plan' | 'as_of' | 'values' | 'expected'> & {
  question: FieldName | 'confirm';
  /** When it was printed: what was typed before that, and shortly after, does not answer it. */
  asked_at: number;
};

/** The console without a screen: what was last told of each job, and what is being asked. */
export type PlainState = {
  tenant: string;
  read_only: boolean;
  zone: Zone;
  interval_ms: number;
  /** The database's clock at the last reading. */
  as_of: Date | null;
  jobs: ReadonlyMap<string, JobView>;
  /** The alerts that fire; null until they have been read. */
  firing: ReadonlySet<string> | null;
  asking: Asking | null;
  /** Dialogs that were open at other consoles at the last reading. */
  dialogs: readonly Dialog[];
  /** A command that waits for its jobs to be found. */
  wanted: { command: string; rest: string } | null;
  /** An action on several jobs, until the next one. */
  run: Run | null;
  /** Actions whose answer is awaited. */
  acting: number;
  down: boolean;
};

export function initialPlain(
  told: Pick<PlainState, 'tenant' | 'read_only' | 'zone' | 'interval_ms'>,
): PlainState {
  return {
    ...told,
    as_of: null,
    jobs: new Map(),
    firing: null,
    asking: null,
    dialogs: [],
    wanted: null,
    run: null,
    acting: 0,
    down: false,
  };
}

export type PlainMessage = { at: number } & (
  | { type: 'started' }
  /** A line that was typed, without its end. */
  | { type: 'line'; text: string }
  | { type: 'answered'; effect: DataEffect; answer: DataAnswer }
  | { type: 'timer'; name: PlainTimer }
);

export type PlainTimer = 'refresh' | 'alerts' | 'dialogs';

export type PlainEffect =
  | { type: 'data'; effect: DataEffect }
  | { type: 'timer'; name: PlainTimer; after_ms: number }
  | { type: 'exit'; code: number };

/** The state after it, the lines to be told, and what is to be done. */
export type PlainStep = {
  state: PlainState;
  lines?: readonly string[];
  effects?: readonly PlainEffect[];
};
