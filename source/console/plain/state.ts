import type { Dialog } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { Zone } from '../../presentation/text/format.ts';
import type { DataAnswer, DataEffect } from '../effects.ts';
import type { Card, FieldName, Run } from '../overlay.ts';

/** An action that is being asked about, one question after the other. */
export type Asking = Pick<Card, 'name' | 'job' | 'plan' | 'as_of' | 'values' | 'expected'> & {
  question: FieldName | 'confirm';
  /** When it was printed: earlier input does not answer it. */
  asked_at: number;
};

/** The console without a screen: what was last printed, and what is being asked. */
export type PlainState = {
  tenant: string;
  read_only: boolean;
  zone: Zone;
  interval_ms: number;
  as_of: Date | null;
  jobs: ReadonlyMap<string, JobView>;
  firing: ReadonlySet<string> | null;
  asking: Asking | null;
  dialogs: readonly Dialog[];
  /** A command that waits for its jobs to be found. */
  wanted: { command: string; rest: string } | null;
  /** The last action on several jobs. */
  run: Run | null;
  acting: number;
  down: boolean;
};

export function initialPlain(
  options: Pick<PlainState, 'tenant' | 'read_only' | 'zone' | 'interval_ms'>,
): PlainState {
  return {
    ...options,
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
  | { type: 'line'; text: string }
  | { type: 'answered'; effect: DataEffect; answer: DataAnswer }
  | { type: 'timer'; name: PlainTimer }
);

export type PlainTimer = 'refresh' | 'alerts' | 'dialogs';

export type PlainEffect =
  | { type: 'data'; effect: DataEffect }
  | { type: 'timer'; name: PlainTimer; after_ms: number }
  | { type: 'exit'; code: number };

export type PlainStep = {
  state: PlainState;
  lines?: readonly string[];
  effects?: readonly PlainEffect[];
};
