import { z } from 'zod';
import { count, envelope } from './schema-parts.ts';

export const operatingSchemas = {
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
  completion: z.looseObject({ shell: z.enum(['bash', 'zsh', 'fish']), script: z.string() }),
  'completion words': z.looseObject({
    candidates: z.array(z.looseObject({ value: z.string(), description: z.string() })),
  }),
  prune: z.looseObject({
    ...envelope,
    dry_run: z.boolean(),
    older_than_seconds: z.number(),
    jobs: count,
    partitions: count,
    events: count.describe('lines of the journal of jobs that are gone'),
    samples: count,
    logs: count.describe('outputs of attempts'),
    executors: count,
  }),
};
