import { z } from 'zod';
import { count, envelope } from '../../app/json-shapes.ts';

export const limit = z.looseObject({
  scope: z.enum(['tenant', 'asset_type', 'asset']),
  name: z.string().describe('empty for the tenant'),
  max_running: count,
  running: count,
});

export const shapes = {
  limits: z.looseObject({ ...envelope, limits: z.array(limit) }),
};
