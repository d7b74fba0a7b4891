import {
  type Attempt,
  backOffMs,
  type Outcome,
  type OutageKind,
} from '../domain/partition/attempt.ts';
import type { Timings } from './settings.ts';

type Settled = {
  outcome: Outcome;
  /** Until it is tried again, in milliseconds. */
  delay_ms: number;
  /** Something that the job needs is away: nothing more of it is started for now. */
  rests: boolean;
};

/**
 * What is reported of an attempt, and when it is tried again. Every outcome that may be repeated
 * without end waits: what counts nothing waits at least as long as a first back-off lasts.
 */
export function settle(
  outcome: Outcome,
  context: {
    attempt: Attempt;
    timings: Timings;
    random: number;
    /** How long the job rests, in milliseconds; null where it is the partition's own failure. */
    met(kind: OutageKind, message: string): number | null;
  },
): Settled {
  const { attempt, timings, random } = context;
  const back = (of: Outcome): number =>
    backOffMs(
      attempt.failures,
      'permanent' in of ? timings.permanent_back_off : timings.back_off,
      random,
    );
  const after = (delay_ms: number, of = outcome): Settled => ({
    outcome: of,
    delay_ms,
    rests: false,
  });
  switch (outcome.kind) {
    case 'completed':
    case 'fatal':
    case 'released':
      return after(0);
    case 'failed':
      return after(back(outcome));
    case 'crashed':
      // Lost attempts are no failures: their number is that of the attempt.
      return after(backOffMs(attempt.attempt - 1, timings.back_off, random));
    case 'snoozed':
      return after(
        outcome.interrupted ? outcome.delay_ms : Math.max(outcome.delay_ms, timings.rest.base_ms),
      );
    case 'unavailable': {
      const delay_ms = context.met(outcome.of, outcome.message);
      if (delay_ms !== null) return { outcome, delay_ms, rests: true };
      const failed: Outcome = { kind: 'failed', message: outcome.message };
      return after(back(failed), failed);
    }
  }
}
