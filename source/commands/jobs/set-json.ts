import { z } from 'zod';
import { envelope, time } from '../../app/json-shapes.ts';
import { job } from './job-json.ts';

const setting = z.union([z.number(), time]).nullable();

const set = z.looseObject({
  ...envelope,
  changes: z.array(
    z.looseObject({
      setting: z.enum([
        'priority',
        'sla_deadline_at',
        'max_parallel',
        'max_attempts',
        'timeout_ms',
      ]),
      from: setting,
      to: setting,
    }),
  ),
  job,
});

export const shapes = { set };
