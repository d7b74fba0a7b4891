import { z } from 'zod';
import { start } from './start-json.ts';

const recreate = start.extend({
  replaced: z.looseObject({
    id: z.uuid(),
    state: z.string(),
    version: z.int(),
    in_flight: z.int(),
  }),
});

export const shapes = { recreate };
