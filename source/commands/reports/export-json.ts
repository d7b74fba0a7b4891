import { z } from 'zod';
import { count, envelope, figure, nullableTime, time } from '../../app/json-shapes.ts';
import { causeNames } from '../../domain/triage/cause-names.ts';
import { clauses } from '../../domain/triage/explain.ts';
import { checkSummary, escalation } from '../diagnose/check-json.ts';
import { event, job } from '../jobs/job-json.ts';

const related = z.looseObject({
  id: z.uuid(),
  to: z.uuid().describe('the job of the tree that it is related to'),
  depth: count,
  job: job.nullable().describe('null for one that was deleted'),
});

export const shapes = {
  export: z.looseObject({
    ...envelope,
    job,
    explanation: z.looseObject({ clause: z.enum(clauses), facts: z.looseObject({}) }),
    timeline: z.array(event).describe("the job's own lines of the journal, the oldest first"),
    attempts: z.array(z.looseObject({ kind: z.string(), count, first_at: time, last_at: time })),
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
};
