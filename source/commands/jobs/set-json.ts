import { z } from 'zod';
import { envelope, time } from '../../app/json-shapes.ts';
import { effects } from './effects-json.ts';
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
  dry_run: z.boolean().optional().describe('true: nothing was done, the job is as it was'),
  forecast: effects.optional().describe('of a dry run'),
});

export const shapes = { set };
