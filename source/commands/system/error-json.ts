import { z } from 'zod';
import { exitCodes } from '../../errors.ts';

export const error = z.looseObject({
  error: z.looseObject({
    code: z.enum(Object.keys(exitCodes)),
    message: z.string(),
    hint: z.string().nullable(),
    problems: z
      .array(z.looseObject({ message: z.string(), hint: z.string().nullable() }))
      .optional(),
  }),
});
