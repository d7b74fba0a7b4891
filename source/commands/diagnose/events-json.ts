import { z } from 'zod';
import { envelope, visible } from '../../app/json-shapes.ts';
import { event } from '../jobs/job-json.ts';

export const shapes = {
  events: z.looseObject({ ...envelope, events: z.array(event), visible }),
  'events --follow': z.looseObject({ ...envelope, event }).describe('one document a line'),
};
