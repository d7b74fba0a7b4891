/** What a job's attempts took so far, or those of earlier jobs of its asset. */
export type Durations = {
  /** Mean time of a slot for one attempt in milliseconds, with what passes between two attempts. */
  mean_ms: number;
  /** Standard deviation ÷ mean. */
  spread: number;
  /** Attempts of the job that the figures are worth, at most about 200. */
  samples: number;
  /** Share of attempts that failed and were tried again, 0..1. */
  failed_share: number;
};

/** Attempts of a partition are counted to this share: above it, the job is auto-paused soon. */
const mostFailedShare = 0.9;

/** Slot time of one finished partition in milliseconds: a failed attempt is followed by another. */
export function partitionMs({ mean_ms, failed_share }: Durations): number {
  return Math.max(1, mean_ms / (1 - Math.min(mostFailedShare, Math.max(0, failed_share))));
}

/** Standard deviations around the mean that the range covers: eight finishes of ten. */
const rangeWidth = 1.28;

/**
 * Relative error of the time that `remaining` partitions take: what is not known of the mean, and
 * the chance of those to come.
 */
export function relativeError({ spread, samples }: Durations, remaining: number): number {
  const variance = 1 / Math.max(1, samples) + 1 / Math.max(1, remaining);
  return Math.min(0.9, rangeWidth * spread * Math.sqrt(variance));
}

/**
 * Expected rest of an attempt that has run for `elapsed` ms. Durations are taken to be log-normal:
 * never negative, and with the long tail that partitions have.
 */
export function restMs(durations: Durations, elapsed: number): number {
  const mean = Math.max(1, durations.mean_ms);
  const spread = Math.min(5, Math.max(0.01, durations.spread || 0));
  if (elapsed <= 0) return mean;
  const sigma = Math.sqrt(Math.log(1 + spread * spread));
  const z = (Math.log(elapsed / mean) + (sigma * sigma) / 2) / sigma;
  // So late that the distribution says nothing more: a tenth of what has passed.
  if (z > 5) return Math.max(mean * 0.05, elapsed * 0.1);
  const rest = (mean * normal(sigma - z)) / normal(-z) - elapsed;
  return Math.max(mean * 0.01, rest);
}

/** The share of a standard normal distribution below z (Abramowitz and Stegun, 26.2.17). */
export function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  return z >= 0 ? 1 - above : above;
}
