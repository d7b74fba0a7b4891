import { z } from 'zod';
import { count, envelope, nullableTime } from '../../app/json-shapes.ts';
import { forecast } from './forecast-json.ts';
import { job } from './job-json.ts';
import { cost, lateBy } from './remedy-json.ts';

export const start = z.looseObject({
  ...envelope,
  created: z.boolean(),
  job: job.nullable().describe('null for a dry run'),
  plan: z
    .looseObject({
      upstreams: z
        .array(
          z.looseObject({
            asset_name: z.string(),
            direct: z.boolean().describe('the job itself needs it, not only another upstream'),
            needs: z.array(z.string()),
            execution_order: count,
            total_partitions: count.describe(
              'of the new job; 0 where unfinished jobs have them all',
            ),
            first_key: z.string().nullable(),
            last_key: z.string().nullable(),
            existing: z.array(z.uuid()).describe('unfinished jobs that are waited for'),
          }),
        )
        .describe('furthest upstream first'),
      asset_name: z.string(),
      total_partitions: count,
      first_key: z.string(),
      last_key: z.string(),
      execution_strategy: z.looseObject({}),
      priority: z.int(),
      sla_deadline_at: nullableTime,
      forecast,
      effect: z
        .looseObject({
          finish_at: nullableTime.describe('if started now, by a simulation of all jobs'),
          late_by_seconds: lateBy,
          costs: z.array(cost),
          harmless_at: nullableTime.describe('started then, it makes no job late'),
        })
        .nullable()
        .describe('whom it would cost; null but for start --dry-run'),
    })
    .nullable(),
});

export const shapes = { start };
