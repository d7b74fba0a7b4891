import { z } from 'zod';
import { count, envelope, figure, nullableTime, time } from '../../app/json-shapes.ts';
import { clauses } from '../../domain/triage/explain.ts';
import { event, job } from './job-json.ts';

const partition = {
  partition_key: z.string(),
  attempt_count: figure,
  error_message: z.string().nullable(),
};

const status = z.looseObject({
  ...envelope,
  job,
  failed: z.array(
    z.looseObject({ ...partition, failure_count: figure, completed_at: nullableTime }),
  ),
  open: z.array(
    z.looseObject({
      ...partition,
      state: z.string(),
      lease_owner: z.string().nullable(),
      started_at: nullableTime,
      available_at: nullableTime,
    }),
  ),
  events: z.array(event),
  executors: z.array(z.string()),
  dialogs: z
    .array(
      z.looseObject({
        actor: z.string(),
        host: z.string(),
        action: z.string(),
        jobs: count,
        job_ids: z.array(z.uuid()),
        opened_at: time,
      }),
    )
    .describe('open at consoles on this job, not confirmed yet'),
  explanation: z.looseObject({
    clause: z.enum(clauses),
    why: z.string(),
    next: z.string().nullable(),
    since: nullableTime,
    by: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  on_hold: z
    .array(z.looseObject({ id: z.string(), hold_reason: z.string() }))
    .describe('executors of the tenant that claim nothing at present'),
});

export const shapes = {
  status,
  'status --watch': z.looseObject({ ...envelope, job }).describe('one document a line'),
};
