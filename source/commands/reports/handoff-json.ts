import { z } from 'zod';
import { count, envelope, time, visible } from '../../app/json-shapes.ts';
import { alert, checkSummary, escalation } from '../diagnose/check-json.ts';
import { event, job } from '../jobs/job-json.ts';

export const shapes = {
  handoff: z.looseObject({
    ...envelope,
    since: time,
    alerts: z.array(alert).describe('those that fire'),
    findings: z.array(checkSummary),
    escalations: z.array(escalation),
    at_risk: z.array(job),
    actions: z.array(event),
    actions_truncated: z.boolean(),
    attempts: z.array(z.looseObject({ job_id: z.uuid(), kind: z.string(), count })),
    ended_counts: z.record(z.string(), count),
    ended: z.array(job).describe('the newest 500 of each state'),
    asset_names: z.record(z.string(), z.string()),
    visible,
  }),
};
