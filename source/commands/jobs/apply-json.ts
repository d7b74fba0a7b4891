import { z } from 'zod';
import { jobActions } from '../../domain/job/action.ts';
import { act } from './act-json.ts';

const apply = act.extend({ plan_id: z.uuid(), action: z.enum(jobActions) });

export const shapes = { apply };
