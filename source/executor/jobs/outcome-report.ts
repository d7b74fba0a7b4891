import { type Attempt, backOffMs, type OutageKind, type Outcome } from '../../domain/attempt.ts';
import type { Timings } from '../settings.ts';

type OutcomeReport = {
  outcome: Outcome;
  /** Until it is tried again, in milliseconds. */
  delay_ms: number;
  /** Something that the job needs is unavailable: nothing more of it is started for now. */
  backsOff: boolean;
};

/**
 * What is reported of an attempt, and when it is tried again. Every outcome that may be repeated
 * without end waits: what counts nothing waits at least as long as a first back-off.
 */
export function reportOf(
  outcome: Outcome,
  context: {
    attempt: Attempt;
    timings: Timings;
    random: number;
    /** How long the job backs off, in milliseconds; null: it is the partition's own failure. */
    onUnavailable(kind: OutageKind, message: string): number | null;
  },
): OutcomeReport {
  const { attempt, timings, random } = context;
  const back = (of: Outcome): number =>
    backOffMs(
      attempt.failures,
      'permanent' in of ? timings.permanent_back_off : timings.back_off,
      random,
    );
  const after = (delay_ms: number, of = outcome): OutcomeReport => ({
    outcome: of,
    delay_ms,
    backsOff: false,
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
    case 'snoozed': {
      const least = timings.outage_back_off.base_ms;
      return after(outcome.interrupted ? outcome.delay_ms : Math.max(outcome.delay_ms, least));
    }
    case 'unavailable': {
      const delay_ms = context.onUnavailable(outcome.of, outcome.message);
      if (delay_ms !== null) return { outcome, delay_ms, backsOff: true };
      const failed: Outcome = { kind: 'failed', message: outcome.message };
      return after(back(failed), failed);
    }
  }
}
