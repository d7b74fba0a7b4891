import { z } from 'zod';
import { count, envelope } from '../../app/json-shapes.ts';
import { job } from './job-json.ts';

const retry = z.looseObject({
  ...envelope,
  id: z.uuid(),
  created: z.boolean().describe('a new job was made, because the old one has ended'),
  retried_partitions: count,
  job: job.describe('the job that retries them'),
});

export const shapes = { retry };
