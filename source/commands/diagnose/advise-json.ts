import { z } from 'zod';
import { envelope } from '../../app/json-shapes.ts';
import { act } from '../jobs/act-json.ts';
import { shapes as plans } from '../jobs/plan-json.ts';
import { adviceFields, remedy } from '../jobs/remedy-json.ts';
import { row } from './risk-json.ts';

export const shapes = {
  advise: z.looseObject({
    ...envelope,
    ...adviceFields,
    job: row,
    remedies: z
      .array(
        remedy.extend({
          plans: z.array(plans.plan).describe('one for each action, in order, as apply takes them'),
        }),
      )
      .describe('the best first'),
    limits: z
      .record(z.string(), z.looseObject({ scope: z.string(), name: z.string() }))
      .describe('the limits that steps raise, by their index'),
    applied: act.shape.results.nullable().describe('null without --apply'),
  }),
};
