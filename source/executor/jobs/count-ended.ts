import type { Outcome } from '../../domain/partition/attempt.ts';
import type { Meter } from '../../observability/meter.ts';

/** An attempt with an accepted report; `failures`: failure_count before it. */
export type Ended = { kind: Outcome['kind']; duration_ms: number; failures: number };

/** Counts an attempt, and its partition if it completed or failed permanently. */
export function countEnded(meter: Meter, ended: Ended, mostAttempts: number): void {
  const { kind, duration_ms, failures } = ended;
  meter.attempt(kind, duration_ms / 1000);
  if (kind === 'completed') meter.partition('completed');
  else if (kind === 'fatal') meter.partition('failed');
  else if (kind === 'failed' && failures + 1 >= mostAttempts) meter.partition('failed');
}
