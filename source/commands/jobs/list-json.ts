import { z } from 'zod';
import { count, envelope, visible } from '../../app/json-shapes.ts';
import { job } from './job-json.ts';

const list = z.looseObject({
  ...envelope,
  jobs: z.array(job),
  truncated: z.boolean(),
  counts: z.record(z.string(), count).describe('jobs by state, each count capped at 1000'),
  counts_truncated: z.array(z.string()).describe('states of which there may be more'),
  visible,
});

/** The console prints the same without a terminal. */
export const shapes = { list, console: list };
