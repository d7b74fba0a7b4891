import { z } from 'zod';
import { count, envelope } from '../../app/json-shapes.ts';

export const shapes = {
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
