import { z } from 'zod';

export const shapes = {
  env: z.looseObject({ tenant_id: z.string(), database_url: z.string() }),
};
