import { z } from 'zod';

export const shapes = {
  migrate: z.looseObject({
    database: z.string(),
    pending: z.array(z.string()),
    applied: z.array(z.string()),
    sql: z.string().optional(),
  }),
};
