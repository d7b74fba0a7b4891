import { z } from 'zod';
import { actions } from '../domain/job-state.ts';
import { riskLevels } from '../domain/risk.ts';
import { exitCodes } from '../errors.ts';

/**
 * What the commands print with --json, published as JSON Schema in the package and checked against every
 * command's real output in the tests. Fields are added, never renamed: hence no schema forbids others.
 */
const time = z.iso.datetime();
const nullableTime = time.nullable();
const count = z.int().min(0);

/** Columns of backfill_jobs by their names, and what is derived from them. */
const job = z.looseObject({
  id: z.uuid(),
  tenant_id: z.string(),
  asset_id: z.uuid(),
  asset_name: z.string(),
  idempotency_key: z.string(),
  state: z.string().describe('a newer program may write states that this one does not know'),
  execution_strategy: z.looseObject({}),
  partition_start: z.string().nullable(),
  partition_end: z.string().nullable(),
  total_partitions: count,
  completed_partitions: count,
  failed_partitions: count,
  skipped_partitions: count,
  include_upstream: z.boolean(),
  error_message: z.string().nullable(),
  created_by: z.string().nullable(),
  created_at: time,
  started_at: nullableTime,
  completed_at: nullableTime,
  heartbeat_at: nullableTime,
  paused_at: nullableTime,
  version: z.int(),
  checkpoint_partition_key: z.string().nullable(),
  estimated_completion_at: nullableTime,
  avg_partition_duration_ms: z.number().nullable(),
  parent_job_id: z.uuid().nullable(),
  max_upstream_depth: z.int(),
  upstream_job_count: z.int(),
  completed_upstream_jobs: z.int(),
  execution_order: z.int(),
  sla_deadline_at: nullableTime,
  priority: z.int(),
  lanes: count.describe('slots at work on the job, over all hosts'),
  rate_base: z.looseObject({ at: time, completed: z.int() }).nullable(),
  progress: z.number().min(0).max(1),
  remaining_partitions: count,
  rate_per_minute: z.number().nullable(),
  heartbeat_age_seconds: z.number().nullable(),
  heartbeat_stale: z.boolean(),
  eta_seconds: z.number().nullable(),
  waiting_upstream_count: count,
  risk_level: z.enum(riskLevels),
  risk_severity: z.number().nullable(),
});

const envelope = { as_of: time, tenant_id: z.string() };
const partition = {
  partition_key: z.string(),
  attempt_count: count,
  error_message: z.string().nullable(),
};

const list = z.looseObject({
  ...envelope,
  jobs: z.array(job),
  truncated: z.boolean(),
  counts: z.record(z.string(), count).describe('jobs by state, each count capped at 1000'),
});

const status = z.looseObject({
  ...envelope,
  job,
  failed: z.array(
    z.looseObject({ ...partition, failure_count: count, completed_at: nullableTime }),
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
  events: z.array(
    z.looseObject({
      id: z.int(),
      job_id: z.uuid(),
      partition_key: z.string().nullable(),
      kind: z.string(),
      from_state: z.string().nullable(),
      to_state: z.string().nullable(),
      actor: z.string(),
      reason: z.string().nullable(),
      at: time,
    }),
  ),
  executors: z.array(z.string()),
});

const start = z.looseObject({
  ...envelope,
  created: z.boolean(),
  job: job.nullable().describe('null for a dry run'),
  plan: z
    .looseObject({
      asset_name: z.string(),
      total_partitions: count,
      first_key: z.string(),
      last_key: z.string(),
      execution_strategy: z.looseObject({}),
      priority: z.int(),
      sla_deadline_at: nullableTime,
    })
    .nullable(),
});

const act = z.looseObject({
  ...envelope,
  results: z.array(
    z.looseObject({
      id: z.uuid(),
      result: z.enum(['applied', 'skipped', 'failed']),
      state: z.string().nullable(),
      version: z.int().nullable(),
      message: z.string(),
      hint: z.string().nullable(),
    }),
  ),
});

const schemas = {
  list,
  console: list,
  status,
  'status --watch': z.looseObject({ ...envelope, job }).describe('one document a line'),
  start,
  ...Object.fromEntries(actions.map((action) => [action, act])),
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
