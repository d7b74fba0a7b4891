import type { Reading } from '../../../domain/forecast/trend.ts';
import type { JobDetail } from '../../../domain/job/detail.ts';
import { isTerminal } from '../../../domain/job/state.ts';
import type { LoadJob } from '../../model/effects.ts';
import type { JobScreen } from '../../model/state.ts';
import { bigFrom, mapAfter, mapRequest } from './job-map.ts';

const insightMs = { small: 5_000, big: 10_000, ended: 60_000, sooner: 2_000 };

export function jobRequest(screen: JobScreen, at: number): [JobScreen, LoadJob] {
  const map = mapRequest(screen, at);
  const insight = insightIsDue(screen, at);
  const whole = map.map_buckets > 0;
  return [
    whole ? { ...screen, map: { ...screen.map, asked_at: at } } : screen,
    { type: 'load-job', id: screen.id, ...map, insight },
  ];
}

function insightIsDue(screen: JobScreen, at: number): boolean {
  const { job, detail, insight_read_at: read } = screen;
  const big = job.total_partitions >= bigFrom;
  if (read === null) return !big || detail !== null;
  const age = at - read;
  if (screen.insight_of !== signOf(screen)) return age >= insightMs.sooner;
  if (isTerminal(job.state)) return age >= insightMs.ended;
  return age >= (big ? insightMs.big : insightMs.small);
}

export function isHalfRead({ job, map, insight, detail }: JobScreen): boolean {
  return detail === null || insight === null || (job.total_partitions > 0 && map.asked_at === null);
}

export function withDetail(open: JobScreen, detail: JobDetail, at: number): JobScreen {
  const read = detail.insight !== null;
  const screen: JobScreen = {
    ...open,
    job: detail.job,
    detail,
    gone: false,
    received_at: at,
    map: mapAfter(open.map, detail),
    readings: withReading(open.readings, detail),
  };
  if (!read) return screen;
  return { ...screen, insight: detail.insight, insight_read_at: at, insight_of: signOf(screen) };
}

function signOf({ job }: JobScreen): string {
  return `${job.version} ${job.failed_partitions}`;
}

const readingMs = 5_000;
const mostReadings = 60;

function withReading(readings: readonly Reading[], { as_of, job }: JobDetail): readonly Reading[] {
  const last = readings.at(-1);
  if (last !== undefined && as_of.getTime() - last.at.getTime() < readingMs) return readings;
  const { completed_partitions: completed, avg_partition_duration_ms } = job;
  return [...readings, { at: as_of, completed, avg_partition_duration_ms }].slice(-mostReadings);
}
