import {
  type Attempt,
  backOffMs,
  type OutageKind,
  type Outcome,
} from '../../domain/partition/attempt.ts';
import type { Timings } from '../settings.ts';

type OutcomeReport = {
  outcome: Outcome;
  /** Until it is tried again, in milliseconds. */
  delay_ms: number;
  /**
   * What the attempt says of the services that the job needs: `unavailable`: one is unavailable, nothing
   * more of the job is started for now; `available`: they are available; null: nothing. A failure that
   * may be the partition's own is none that got through: counted as one, it turned the next
   * attempts of an outage into failures too.
   */
  outage: 'unavailable' | 'available' | null;
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
  const after = (delay_ms: number, outage: OutcomeReport['outage'] = 'available') => ({
    outcome,
    delay_ms,
    outage,
  });
  switch (outcome.kind) {
    case 'completed':
    case 'fatal':
      return after(0);
    case 'released':
      return after(0, null);
    case 'failed':
      return after(back(outcome));
    case 'crashed':
      // Lost attempts are no failures: their number is that of the attempt.
      return after(backOffMs(attempt.attempt - 1, timings.back_off, random));
    case 'snoozed': {
      if (outcome.interrupted) return after(outcome.delay_ms, null);
      return after(Math.max(outcome.delay_ms, timings.outage_back_off.base_ms));
    }
    case 'unavailable': {
      const delay_ms = context.onUnavailable(outcome.of, outcome.message);
      if (delay_ms !== null) return after(delay_ms, 'unavailable');
      const failed: Outcome = { kind: 'failed', message: outcome.message };
      return { ...after(back(failed), null), outcome: failed };
    }
  }
}
