import { z } from 'zod';
import { figure, time, timeText } from '../../app/json-shapes.ts';
import { jobActions, parameterNames } from '../../domain/job/action.ts';

const shapeOf = <Time extends z.ZodType>(time: Time) =>
  z.looseObject({
    plan: z.literal(1).describe('the version of this shape'),
    id: z.uuid(),
    tenant_id: z.string(),
    action: z.enum(jobActions),
    parameters: z.partialRecord(z.enum(parameterNames), z.string()),
    reason: z.string().nullish().describe('null or absent: none'),
    author: z.string(),
    filter: z.string().describe('what selected the jobs'),
    created_at: time,
    expires_at: time,
    truncated: z.boolean().describe('more jobs matched than a plan may hold'),
    jobs: z.array(
      z.looseObject({
        id: z.uuid(),
        asset_name: z.string(),
        state: z.string(),
        version: z.int(),
        priority: z.int(),
        sla_deadline_at: time.nullable(),
        execution_strategy: z.unknown(),
        total_partitions: figure,
        completed_partitions: figure,
        failed_partitions: figure,
        skipped_partitions: figure,
        refusal: z
          .string()
          .nullable()
          .describe('why it will be skipped; null where it will be done'),
      }),
    ),
  });

export const planFile = shapeOf(timeText);

export const shapes = { plan: shapeOf(time) };
