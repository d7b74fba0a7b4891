import type { Durations } from './durations.ts';

/** Figures of attempts as a job's row has them; null: none has ended. */
export type Timed = {
  timed_attempts: number | null;
  slot_ms: number | null;
  slot_ms_square: number | null;
  retried_share: number | null;
};

/** Attempts of earlier jobs count like so many of the job's own. */
const historyWeight = 5;
/** A job with so many attempts of its own needs no history. */
const enoughAttempts = 20;
/** Assumed until attempts show it, with this weight. */
const assumed = { spread: 0.4, weight: 3 };

/**
 * A job's durations: from its own attempts, and while these are few from earlier jobs of its asset;
 * else from the contract's average, which other programs write too.
 */
export function durationsOf(
  own: Timed,
  history: Timed | null,
  averageMs: number | null,
): Durations | null {
  const mine = figuresOf(own);
  const past = history === null ? null : figuresOf(history);
  if (mine === null && past === null) {
    if (!isMeasured(averageMs)) return null;
    return { mean_ms: averageMs, spread: assumed.spread, samples: 1, failed_share: 0 };
  }
  if (mine === null || past === null || mine.count >= enoughAttempts) {
    return summary(mine ?? { ...past!, count: Math.min(past!.count, historyWeight) });
  }
  const weight = Math.min(past.count, historyWeight);
  const count = mine.count + weight;
  const mixed = (of: 'mean' | 'square' | 'failed') =>
    (mine[of] * mine.count + past[of] * weight) / count;
  return summary({
    count,
    mean: mixed('mean'),
    square: mixed('square'),
    failed: mixed('failed'),
  });
}

type Figures = { count: number; mean: number; square: number; failed: number };

function figuresOf({ timed_attempts, slot_ms, slot_ms_square, retried_share }: Timed) {
  if (timed_attempts === null || timed_attempts < 1) return null;
  // Other programs may write anything: what is no measurement does not count.
  if (!isMeasured(slot_ms)) return null;
  return {
    count: timed_attempts,
    mean: slot_ms,
    square: isMeasured(slot_ms_square) ? slot_ms_square : slot_ms ** 2,
    failed: isMeasured(retried_share) ? Math.min(1, retried_share) : 0,
  };
}

/** JSON has a number that is none, or infinite, as text. */
function isMeasured(figure: number | null): figure is number {
  return typeof figure === 'number' && Number.isFinite(figure) && figure >= 0;
}

function summary({ count, mean, square, failed }: Figures): Durations {
  const seen = mean > 0 ? Math.sqrt(Math.max(0, square - mean ** 2)) / mean : 0;
  const spread = (seen * count + assumed.spread * assumed.weight) / (count + assumed.weight);
  return { mean_ms: mean, spread, samples: count, failed_share: failed };
}
