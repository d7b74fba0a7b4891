import { z } from 'zod';
import { count, nullableTime } from '../../app/json-shapes.ts';
import { bounds } from '../../domain/forecast/job-forecast.ts';
import { lateBy } from './remedy-json.ts';

const expected = z
  .looseObject({
    start_at: nullableTime,
    finish_at: nullableTime,
    late_by_seconds: lateBy,
    place: count.nullable().describe('among the jobs that wait for a slot, from 1'),
    bound_by: z.enum(bounds).describe('what keeps it from being done earlier'),
    unknown: z
      .enum([...bounds, 'no_duration'])
      .nullable()
      .describe('why no end can be told'),
    limit: z
      .looseObject({
        max_running: z.int(),
        running: count,
        assets: z.array(z.string()).nullable().describe('null: it counts all assets'),
      })
      .nullable()
      .describe('the limit that keeps it from running'),
  })
  .nullable()
  .describe('null: it has ended, or does not exist');

const effect = z.looseObject({
  job_id: z.uuid(),
  asset_name: z.string(),
  before: expected,
  after: expected,
  fails: z.boolean().describe('because a job that it waits for is cancelled'),
});

/** What an action would change. */
export const effects = z.looseObject({
  as_of: nullableTime,
  slots: z.looseObject({ busy: count, total: count }),
  jobs: z.array(effect).describe('the jobs of the action'),
  others: z.array(effect).describe('whose end moves: at most five, those that lose first'),
  more: z.looseObject({ lose: count, gain: count }).describe('how many more'),
});
