import { z } from 'zod';
import { count, envelope, visible } from '../../app/json-shapes.ts';
import { alert } from './check-json.ts';

export const shapes = {
  alerts: z.looseObject({
    ...envelope,
    alerts: z.array(alert),
    executors: z
      .looseObject({ alive: count, silent: count })
      .describe('silent: no heartbeat for 10 s, and not declared dead'),
    visible,
  }),
};
