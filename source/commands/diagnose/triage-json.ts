import { z } from 'zod';
import { envelope, visible } from '../../app/json-shapes.ts';
import { check, checkSummary, column, escalation, row } from './check-json.ts';

export const shapes = {
  triage: z.looseObject({
    ...envelope,
    job_id: z.uuid().nullable().describe('null: all jobs of the tenant'),
    checks: z.array(checkSummary),
    escalations: z.array(escalation),
    visible,
  }),
  'triage CHECK': z.looseObject({
    ...envelope,
    check,
    job_id: z.uuid().nullable(),
    columns: z.array(column),
    sql: z.string().describe('as it was run'),
    rows: z.array(row),
    truncated: z.boolean(),
    visible,
  }),
};
