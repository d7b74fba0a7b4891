import { z } from 'zod';
import { count, envelope, nullableTime } from '../../app/json-shapes.ts';
import { forecast } from './forecast-json.ts';
import { job } from './job-json.ts';

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
    })
    .nullable(),
});

export const shapes = { start };
