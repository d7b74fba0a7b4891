import {
  type Attempt,
  backOffMs,
  type OutageKind,
  type Outcome,
} from '../../domain/partition/attempt.ts';
import type { Timings } from '../settings.ts';

type OutcomeReport = {
  outcome: Outcome;
  /** Milliseconds until the next attempt. */
  delay_ms: number;
  /**
   * What the attempt shows about the services that the job needs: one is unavailable, so the job
   * backs off; they are available; null: neither. A failure that may be the partition's own is
   * neither: counted as available, it turned the next attempts of an outage into failures.
   */
  outage: 'unavailable' | 'available' | null;
};

/**
 * The report of an attempt, and its delay. An outcome that may repeat without end waits at least a
 * first back-off.
 */
export function reportOf(
  outcome: Outcome,
  context: {
    attempt: Attempt;
    timings: Timings;
    random: number;
    /** The job's back-off in milliseconds; null: it is the partition's own failure. */
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
      // A crash is not counted as a failure: the attempt number sets the back-off.
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
