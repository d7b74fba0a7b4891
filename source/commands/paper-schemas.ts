import { z } from 'zod';
import { causeNames } from '../domain/triage/cause-names.ts';
import { clauses } from '../domain/triage/explain.ts';
import {
  count,
  envelope,
  event,
  figure,
  job,
  nullableTime,
  time,
  visible,
} from './schema-parts.ts';
import { alertShape, checkSummary, escalation } from './triage-schemas.ts';

const related = z.looseObject({
  id: z.uuid(),
  to: z.uuid().describe('the job of the tree that it is related to'),
  depth: count,
  job: job.nullable().describe('null for one that was deleted'),
});

const attempts = { kind: z.string(), count };

export const paperSchemas = {
  export: z.looseObject({
    ...envelope,
    job,
    explanation: z.looseObject({ clause: z.enum(clauses), facts: z.looseObject({}) }),
    timeline: z.array(event).describe("the job's own lines of the journal, the oldest first"),
    attempts: z.array(z.looseObject({ ...attempts, first_at: time, last_at: time })),
    failures: z.array(
      z.looseObject({
        count,
        likely_cause: z.enum(causeNames).nullable(),
        partitions: z
          .array(
            z.looseObject({
              partition_key: z.string(),
              attempt_count: figure,
              failure_count: figure,
              error_message: z.string().nullable(),
              completed_at: nullableTime,
            }),
          )
          .describe('the first 20, messages cut at 500 characters'),
      }),
    ),
    durations: z.looseObject({
      count,
      p50_ms: z.number().nullable(),
      p95_ms: z.number().nullable(),
      slowest: z.array(z.looseObject({ partition_key: z.string(), duration_ms: z.number() })),
    }),
    samples: z.array(z.looseObject({ at: time, completed: figure, failed: figure })),
    upstreams: z.array(related),
    waiting: z.array(related),
    assets: z.array(
      z.looseObject({
        id: z.uuid(),
        name: z.string(),
        owner: z.string().nullable(),
        depth: count,
        jobs: z.array(z.looseObject({ id: z.uuid(), state: z.string() })),
      }),
    ),
    executors: z.array(z.looseObject({ id: z.string(), partitions: count, slots: count })),
    findings: z.array(checkSummary),
    scenario: z.string().nullable(),
    recommendation: z.looseObject({ text: z.string() }).nullable(),
    escalations: z.array(escalation),
  }),
  handoff: z.looseObject({
    ...envelope,
    since: time,
    alerts: z.array(alertShape).describe('those that fire'),
    findings: z.array(checkSummary),
    escalations: z.array(escalation),
    at_risk: z.array(job),
    actions: z.array(event),
    actions_truncated: z.boolean(),
    attempts: z.array(z.looseObject({ job_id: z.uuid(), ...attempts })),
    ended_counts: z.record(z.string(), count),
    ended: z.array(job).describe('the newest 500 of each state'),
    asset_names: z.record(z.string(), z.string()),
    visible,
  }),
};
