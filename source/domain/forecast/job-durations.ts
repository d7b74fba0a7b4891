import type { Durations } from './durations.ts';

/** Figures of attempts as a job's row has them; null: none has ended. */
export type Timed = {
  timed_attempts: number | null;
  slot_ms: number | null;
  slot_ms_square: number | null;
  retried_share: number | null;
};

/** How much the means of two jobs of an asset usually differ: standard deviation ÷ mean. */
const jobSpread = 0.15;
/** Least spread within a job that is believed. */
const leastSpread = 0.1;
/** Assumed until attempts show it, with this weight. */
const assumed = { spread: 0.4, weight: 3 };

/**
 * A job's durations: from its own attempts and those of earlier jobs of its asset, which count the
 * more the less a few attempts say (`historyWeight`); without any from the contract's average,
 * which other programs write too.
 */
export function durationsOf(
  own: Timed,
  history: Timed | null,
  averageMs: number | null,
): Durations | null {
  const mine = figuresOf(own);
  const past = history === null ? null : figuresOf(history);
  if (past === null) {
    if (mine !== null) return summary(mine, mine.count);
    if (!isMeasured(averageMs)) return null;
    return { mean_ms: averageMs, spread: assumed.spread, samples: 1, failed_share: 0 };
  }
  const weight = historyWeight(past);
  if (mine === null) return summary({ ...past, count: Math.max(1, weight) }, past.count);
  const count = mine.count + weight;
  const mixed = (of: 'mean' | 'square' | 'failed') =>
    (mine[of] * mine.count + past[of] * weight) / count;
  const figures = { count, mean: mixed('mean'), square: mixed('square'), failed: mixed('failed') };
  return summary(figures, mine.count + past.count);
}

type Figures = { count: number; mean: number; square: number; failed: number };

/**
 * As how many attempts of the job itself those of earlier jobs count: so many that both estimates
 * have the same variance. Where attempts differ little, a few of its own say more than any history.
 */
function historyWeight(past: Figures): number {
  const spread = Math.max(leastSpread, spreadOf(past));
  return 1 / ((jobSpread / spread) ** 2 + 1 / past.count);
}

function spreadOf({ mean, square }: Figures): number {
  return mean > 0 ? Math.sqrt(Math.max(0, square - mean ** 2)) / mean : 0;
}

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

/** @param seen the attempts that show the spread */
function summary(figures: Figures, seen: number): Durations {
  const { count, mean, failed } = figures;
  const spread =
    (spreadOf(figures) * seen + assumed.spread * assumed.weight) / (seen + assumed.weight);
  return { mean_ms: mean, spread, samples: count, failed_share: failed };
}
