import type { Sample } from '../job/insight.ts';

/** One figure for each sample; null without a figure. */
export type JobTrend = {
  per_minute: (number | null)[];
  /** Average duration of a partition in milliseconds. */
  average_ms: (number | null)[];
};

/** A longer gap between two samples is a break: the job did not move. */
const breakMs = 150_000;

export type Reading = Pick<Sample, 'at' | 'completed' | 'avg_partition_duration_ms'>;

/** @param samples the oldest first */
export function trendOf(samples: readonly Reading[]): JobTrend {
  const trend: JobTrend = { per_minute: [], average_ms: [] };
  samples.forEach((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined) return;
    const gap = sample.at.getTime() - before.at.getTime();
    if (gap <= 0) return;
    const broken = gap > breakMs;
    const rate = (Math.max(0, sample.completed - before.completed) / gap) * 60_000;
    trend.per_minute.push(...(broken ? [null] : []), rate);
    trend.average_ms.push(...(broken ? [null] : []), sample.avg_partition_duration_ms);
  });
  return trend;
}
