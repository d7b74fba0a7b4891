import { z } from 'zod';

export const shapes = {
  completion: z.looseObject({ shell: z.enum(['bash', 'zsh', 'fish']), script: z.string() }),
  'completion words': z.looseObject({
    candidates: z.array(z.looseObject({ value: z.string(), description: z.string() })),
  }),
};
