import { z } from 'zod';
import { count, envelope, visible } from '../../app/json-shapes.ts';
import { adviceFields, remedy } from '../jobs/remedy-json.ts';
import { alert } from './check-json.ts';

export const shapes = {
  alerts: z.looseObject({
    ...envelope,
    alerts: z.array(alert),
    executors: z
      .looseObject({ alive: count, silent: count })
      .describe('silent: no heartbeat for 10 s, and not declared dead'),
    remedies: z
      .array(z.looseObject({ ...adviceFields, remedies: z.array(remedy) }))
      .describe('of the jobs of the SLA alerts, as in risk'),
    visible,
  }),
};
