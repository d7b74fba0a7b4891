import { z } from 'zod';

export const shapes = {
  exporter: z
    .looseObject({
      ready: z.boolean(),
      checks: z.array(
        z.looseObject({
          check: z.enum(['database', 'schema', 'executor']),
          ok: z.boolean(),
          message: z.string().nullable(),
        }),
      ),
    })
    .describe('what /readyz answers, of a worker too; the command itself prints nothing'),
};
