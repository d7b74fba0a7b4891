import { z } from 'zod';
import { count, envelope, nullableTime, time, visible } from '../../app/json-shapes.ts';
import { executorStates } from '../../domain/executor/executor.ts';
import { outageKinds } from '../../domain/partition/attempt.ts';

export const shapes = {
  executors: z.looseObject({
    ...envelope,
    executors: z.array(
      z.looseObject({
        id: z.string(),
        state: z.enum(executorStates),
        state_since: time,
        host: z.string(),
        pid: z.int(),
        version: z.string(),
        slots: count,
        slots_busy: count.describe('that run something of this tenant'),
        handlers: z.array(z.string()).describe('the assets that it can run at this moment'),
        catalogue: z
          .string()
          .nullable()
          .describe('a hash of its handler directory, as it was read at the start'),
        outages: z
          .array(
            z.looseObject({
              asset: z.string(),
              kind: z.enum(outageKinds),
              message: z.string(),
              since: time,
            }),
          )
          .describe('what is unavailable to its handlers'),
        started_at: time,
        seen_at: time,
        hold_reason: z.string().nullable(),
        draining_at: nullableTime,
        lost_at: nullableTime,
        stopped_at: nullableTime,
        running: z.array(
          z.looseObject({
            job_id: z.uuid(),
            asset_name: z.string(),
            partition_key: z.string(),
            attempt: z.int(),
            started_at: time,
          }),
        ),
      }),
    ),
    visible,
  }),
};
