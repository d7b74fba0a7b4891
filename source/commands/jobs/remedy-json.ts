import { z } from 'zod';
import { count, nullableTime, time } from '../../app/json-shapes.ts';
import { bounds } from '../../domain/forecast/job-forecast.ts';

const job = z.uuid();
const change = { from: z.int(), to: z.int() };

const step = z.union([
  z.looseObject({ kind: z.enum(['parallel', 'priority']), job, ...change }),
  z.looseObject({ kind: z.enum(['pause', 'resume']), job }),
  z.looseObject({ kind: z.literal('retry'), job, failed: count }),
  z.looseObject({ kind: z.literal('deadline'), job, from: time, to: time }),
  z.looseObject({ kind: z.literal('limit'), limit: count, ...change }),
  z.looseObject({ kind: z.literal('slots'), ...change }).describe('of all executors'),
  z.looseObject({ kind: z.literal('executor'), assets: z.array(z.string()), slots: count }),
  z.looseObject({ kind: z.literal('open') }).describe('executors that claim again, or another one'),
  z.looseObject({ kind: z.literal('accept') }).describe('change nothing'),
]);

export const lateBy = z
  .number()
  .nullable()
  .describe('from the deadline to the expected end, below 0 if it ends before');

export const cost = z.looseObject({
  job: z.string().describe('its id'),
  asset_name: z.string(),
  moved_seconds: z.number().nullable().describe('later; null: without a known end then'),
  late_by_seconds: lateBy,
  made_late: z.boolean().describe('it would have met its deadline'),
});

export const remedy = z.looseObject({
  steps: z.array(step),
  finish_at: nullableTime,
  late_by_seconds: lateBy,
  brings_in: z.boolean().describe('the job meets its deadline then'),
  tight: z.boolean().describe('it may still miss it'),
  costs: z.array(cost),
});

export const adviceFields = {
  job_id: job,
  verdict: z.enum(['on_time', 'late', 'incomplete', 'unknown', 'none']),
  bound_by: z.enum(bounds).describe('what keeps it from being done earlier'),
  unknown: z
    .enum([...bounds, 'no_duration', 'stale'])
    .nullable()
    .describe('why no end can be told'),
  because_of: job.describe('the job itself, or the upstream that decides'),
  finish_at: nullableTime,
  late_by_seconds: lateBy,
  names: z.record(z.string(), z.string()).describe('asset names of the jobs named'),
  truncated: z.boolean().describe('the search stopped early: there are many jobs'),
};
