import { z } from 'zod';
import { count, envelope, nullableTime, time } from '../../app/json-shapes.ts';
import { outageKinds } from '../../domain/partition/attempt.ts';
import { causeNames } from '../../domain/triage/cause-names.ts';
import { checkNames } from '../../domain/triage/checks.ts';
import { clauses } from '../../domain/triage/explain.ts';
import { adviceFields, remedy } from '../jobs/remedy-json.ts';
import { limit } from '../system/limits-json.ts';
import { check, column, escalation, row } from './check-json.ts';

const explanation = z.looseObject({
  ...envelope,
  clause: z.enum(clauses),
  why: z.string(),
  next: z.string().nullable(),
  facts: z.looseObject({
    id: z.uuid(),
    asset_name: z.string(),
    state: z.string(),
    version: z.int(),
    since: nullableTime,
    by: z.string().nullable(),
    reason: z.string().nullable(),
    waits_for: z.array(
      z.looseObject({
        id: z.uuid(),
        asset_name: z.string().nullable(),
        state: z.string().nullable(),
      }),
    ),
    successor: z
      .looseObject({ id: z.uuid(), state: z.string() })
      .nullable()
      .describe('the newest job for what a failed or cancelled one left undone'),
    executors: count,
    with_handler: count,
    draining: count,
    without_outage: count.describe('executors with a handler and no outage of it'),
    outages: z.array(
      z.looseObject({
        executor: z.string(),
        host: z.string(),
        kind: z.enum(outageKinds),
        message: z.string(),
        since: time,
      }),
    ),
    failure: z.string().nullable(),
    failing: z.boolean().describe('after permanent failures one partition is tried at a time'),
    ready: count,
    hold_reason: z.string().nullable(),
    slots: count,
    slots_busy: count,
    limits: z.array(limit).describe('those that are reached'),
    ours: z.boolean(),
    heartbeat_at: nullableTime,
    running_slots: count,
    max_parallel: count,
    running_on: z.array(z.string()),
    silent: z
      .array(z.looseObject({ id: z.string(), slots: count, seen_at: nullableTime, until: time }))
      .describe('silent executors that run it, and until when they may hold its slots'),
    has_claimable: z.boolean(),
    missing: count.describe('partitions that it lacks, where it has nothing else left to run'),
    total_partitions: count,
    partitions_made: z.boolean().describe('all its partitions have been there'),
    due_at: nullableTime,
    blocked_keys: count,
    blocked_by: z.uuid().nullable(),
    blockers: z.array(z.looseObject({ pid: z.int(), login: z.string().nullable() })),
    jobs_ahead: count,
  }),
});

export const shapes = {
  explain: explanation.extend({
    findings: z.array(z.looseObject({ check, rows: z.array(row), sql: z.string() })),
    scenario: z.enum(checkNames).nullable().describe('null where nothing is wrong'),
    evidence: z
      .looseObject({
        columns: z.array(column),
        rows: z.array(row),
        sql: z.string(),
        truncated: z.boolean(),
      })
      .nullable(),
    causes: z
      .array(
        z.looseObject({
          name: z.enum(causeNames),
          title: z.string(),
          advice: z.string(),
          failures: count,
        }),
      )
      .describe('what the errors among the evidence most likely come from'),
    recommendation: z
      .looseObject({
        action: z.string(),
        text: z.string(),
        command: z.string().nullable(),
        ready: z
          .looseObject({
            action: z.string(),
            id: z.uuid(),
            state: z.string(),
            version: z.int(),
            parameters: z.record(z.string(), z.string()),
            reason: z.string().nullable(),
          })
          .nullable()
          .describe('what needs only to be confirmed'),
      })
      .nullable(),
    advice: z
      .looseObject({ ...adviceFields, remedies: z.array(remedy) })
      .nullable()
      .describe('what brings the job in; null where it is neither late nor at risk'),
    escalations: z.array(escalation),
  }),
};
