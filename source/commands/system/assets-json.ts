import { z } from 'zod';
import { count, envelope } from '../../app/json-shapes.ts';

export const shapes = {
  assets: z.looseObject({
    ...envelope,
    assets: z.array(
      z.looseObject({
        id: z.uuid(),
        name: z.string(),
        asset_type: z.string(),
        granularity: z.string().nullable(),
        defaults: z.looseObject({
          max_parallel: count.optional(),
          max_attempts: count.optional(),
          timeout_ms: count.optional(),
        }),
        upstreams: z.array(z.string()),
        shared: z.boolean(),
        executors: count,
        unfinished_jobs: count,
      }),
    ),
  }),
  'assets sync': z.looseObject({
    ...envelope,
    assets: z.array(z.string()),
    added: z.array(z.string()),
    differing: z.array(z.looseObject({ name: z.string(), every: z.string() })),
  }),
};
