import { z } from 'zod';
import { envelope, time } from '../../app/json-shapes.ts';

const log = z.looseObject({
  job_id: z.uuid(),
  partition_key: z.string(),
  attempt: z.int(),
  executor_id: z.string(),
  at: time,
  output: z.string(),
});

export const shapes = {
  logs: z.looseObject({ ...envelope, job_id: z.uuid(), logs: z.array(log) }),
  'logs --follow': z.looseObject({ ...envelope, log }).describe('one document a line'),
};
