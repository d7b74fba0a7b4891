import { z } from 'zod';
import { envelope, nullableTime } from '../../app/json-shapes.ts';
import { effects } from './effects-json.ts';

export const act = z.looseObject({
  ...envelope,
  as_of: nullableTime.describe('null where the database went away after the act'),
  dry_run: z.boolean().optional().describe('true: nothing was done'),
  forecast: effects.optional().describe('of a dry run'),
  results: z.array(
    z.looseObject({
      id: z.uuid(),
      result: z.enum(['applied', 'skipped', 'failed']),
      state: z.string().nullable(),
      version: z.int().nullable(),
      message: z.string(),
      hint: z.string().nullable(),
      already: z.boolean().optional().describe('skipped, because this plan has done it before'),
      new_job_id: z.uuid().nullable().optional().describe('where it goes on, if elsewhere'),
    }),
  ),
});

export const shapes = { pause: act, resume: act, cancel: act, reclaim: act };
