import { z } from 'zod';

export const shapes = {
  demo: z.looseObject({
    ok: z.boolean(),
    jobs: z.array(z.looseObject({ asset_name: z.string(), state: z.string() })),
    failed: z.array(z.looseObject({ asset_name: z.string(), partition_key: z.string() })),
    facts: z.array(
      z.looseObject({
        fact: z.string(),
        expected: z.string(),
        actual: z.string().nullable(),
        ok: z.boolean(),
      }),
    ),
  }),
};
