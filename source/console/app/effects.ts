import { messageOf, ServoError } from '../../errors.ts';
import type { Effect, Failure, RunEffect, TimerName } from '../model/effects.ts';
import type { Message } from '../model/messages.ts';
import type { State } from '../model/state.ts';

export type Carriers = {
  readonly [T in Effect['type']]: (effect: Extract<Effect, { type: T }>) => void;
};

export type Background = Pick<Carriers, 'data' | 'timer' | 'stop-timer'> & {
  close: () => void;
};

export function carryOut(carriers: Carriers, effect: Effect): void {
  carriers[effect.type](effect as never);
}

export function backgroundEffects(
  perform: RunEffect,
  store: () => { getSnapshot: () => State; dispatch: (message: Message) => void },
): Background {
  const timers = new Map<TimerName, NodeJS.Timeout>();
  return {
    data: ({ request, effect }) => {
      const { getSnapshot, dispatch } = store();
      perform(effect, getSnapshot().context_number)
        .catch((error: unknown) => ({ type: 'failure' as const, failure: failureOf(error) }))
        .then((answer) => dispatch({ type: 'answered', request, answer, at: clock() }));
    },
    timer: ({ name, after_ms }) => {
      clearTimeout(timers.get(name));
      const rung = () => store().dispatch({ type: 'timer', name, at: clock() });
      timers.set(name, setTimeout(rung, after_ms));
    },
    'stop-timer': ({ name }) => {
      clearTimeout(timers.get(name));
      timers.delete(name);
    },
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** Milliseconds of this machine's monotonic clock: the `at` of messages. */
export function clock(): number {
  return performance.now();
}

function failureOf(error: unknown): Failure {
  return error instanceof ServoError
    ? { code: error.code, message: error.message, hint: error.hint }
    : { code: 'internal', message: messageOf(error) };
}
