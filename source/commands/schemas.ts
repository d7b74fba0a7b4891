import { z } from 'zod';
import { jobActions } from '../domain/job/action.ts';
import { actions } from '../domain/job/state.ts';
import { clauses } from '../domain/triage/explain.ts';
import { exitCodes } from '../errors.ts';
import { lookingSchemas } from './looking-schemas.ts';
import { operatingSchemas } from './operating-schemas.ts';
import { paperSchemas } from './paper-schemas.ts';
import { planSchema } from './plan-file.ts';
import { forecast, riskSchemas } from './risk-schemas.ts';
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
import { triageSchemas } from './triage-schemas.ts';

/**
 * What the commands print with --json, published as JSON Schema in the package and checked against every
 * command's real output in the tests. Fields are added, never renamed: hence no schema forbids others.
 */
const partition = {
  partition_key: z.string(),
  attempt_count: figure,
  error_message: z.string().nullable(),
};

const list = z.looseObject({
  ...envelope,
  jobs: z.array(job),
  truncated: z.boolean(),
  counts: z.record(z.string(), count).describe('jobs by state, each count capped at 1000'),
  counts_truncated: z.array(z.string()).describe('states of which there may be more'),
  visible,
});

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
  held: z
    .array(z.looseObject({ id: z.string(), hold_reason: z.string() }))
    .describe('executors of the tenant that claim nothing just now'),
});

const start = z.looseObject({
  ...envelope,
  created: z.boolean(),
  job: job.nullable().describe('null for a dry run'),
  plan: z
    .looseObject({
      upstreams: z
        .array(
          z.looseObject({
            asset_name: z.string(),
            direct: z.boolean().describe('the job itself needs it, not only another upstream'),
            needs: z.array(z.string()),
            execution_order: count,
            total_partitions: count.describe('of the new job; 0 where living jobs have them all'),
            first_key: z.string().nullable(),
            last_key: z.string().nullable(),
            existing: z.array(z.uuid()).describe('living jobs that are waited for'),
          }),
        )
        .describe('furthest upstream first'),
      asset_name: z.string(),
      total_partitions: count,
      first_key: z.string(),
      last_key: z.string(),
      execution_strategy: z.looseObject({}),
      priority: z.int(),
      sla_deadline_at: nullableTime,
      forecast,
    })
    .nullable(),
});

const session = z.looseObject({
  pid: z.int(),
  user: z.string(),
  database: z.string(),
  application: z.string(),
});

const act = z.looseObject({
  ...envelope,
  as_of: nullableTime.describe('null where the database went away after the act'),
  results: z.array(
    z.looseObject({
      id: z.uuid(),
      result: z.enum(['applied', 'skipped', 'failed']),
      state: z.string().nullable(),
      version: z.int().nullable(),
      message: z.string(),
      hint: z.string().nullable(),
      already: z.boolean().optional().describe('skipped, because this plan has done it before'),
      new_job_id: z.uuid().nullable().optional().describe('where it goes on, if elsewhere'),
    }),
  ),
});

const retry = z.looseObject({
  ...envelope,
  id: z.uuid(),
  created: z.boolean().describe('a new job was made, because the old one has ended'),
  retried_partitions: count,
  job: job.describe('the job in which they are tried again'),
});

const recreate = start.extend({
  replaced: z.looseObject({
    id: z.uuid(),
    state: z.string(),
    version: z.int(),
    in_flight: z.int(),
  }),
});

const setting = z.union([z.number(), time]).nullable();
const set = z.looseObject({
  ...envelope,
  changes: z.array(
    z.looseObject({
      setting: z.enum([
        'priority',
        'sla_deadline_at',
        'max_parallel',
        'max_attempts',
        'timeout_ms',
      ]),
      from: setting,
      to: setting,
    }),
  ),
  job,
});

const apply = act.extend({ plan_id: z.uuid(), action: z.enum(jobActions) });

const schemas = {
  list,
  console: list,
  status,
  'status --watch': z.looseObject({ ...envelope, job }).describe('one document a line'),
  start,
  ...Object.fromEntries([...actions, 'reclaim'].map((action) => [action, act])),
  retry,
  recreate,
  set,
  plan: planSchema,
  apply,
  ...lookingSchemas,
  ...operatingSchemas,
  ...paperSchemas,
  ...riskSchemas,
  ...triageSchemas,
  migrate: z.looseObject({
    database: z.string(),
    pending: z.array(z.string()),
    applied: z.array(z.string()),
    sql: z.string().optional(),
  }),
  env: z.looseObject({ tenant_id: z.string(), database_url: z.string() }),
  embedded: z.looseObject({
    state: z.enum(['running', 'stopped', 'absent']),
    version: z.string().nullable(),
    pid: z.int().nullable(),
    home: z.string(),
    data_directory: z.string(),
    socket_directory: z.string(),
    log_file: z.string(),
    sessions: z.array(session).optional().describe('that are connected, of `status`'),
    ended_sessions: z.array(session).optional().describe('that `stop` or `reset` has ended'),
  }),
  demo: z.looseObject({
    ok: z.boolean(),
    jobs: z.array(z.looseObject({ asset_name: z.string(), state: z.string() })),
    failed: z.array(z.looseObject({ asset_name: z.string(), partition_key: z.string() })),
    facts: z.array(
      z.looseObject({
        fact: z.string(),
        expected: z.string(),
        actual: z.string().nullable(),
        ok: z.boolean(),
      }),
    ),
  }),
  /** On stderr. */
  error: z.looseObject({
    error: z.looseObject({
      code: z.enum(Object.keys(exitCodes)),
      message: z.string(),
      hint: z.string().nullable(),
      problems: z
        .array(z.looseObject({ message: z.string(), hint: z.string().nullable() }))
        .optional(),
    }),
  }),
};

/** JSON Schema (2020-12) by command; `error` is what stderr carries. */
export function jsonSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(schemas).map(([command, schema]) => [command, z.toJSONSchema(schema)]),
  );
}
