import { z } from 'zod';
import { effects } from './effects-json.ts';
import { start } from './start-json.ts';

const recreate = start.extend({
  forecast: effects.optional().describe('of a dry run'),
  replaced: z.looseObject({
    id: z.uuid(),
    state: z.string(),
    version: z.int(),
    in_flight: z.int(),
  }),
});

export const shapes = { recreate };
