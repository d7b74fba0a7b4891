import { z } from 'zod';
import { executorStates } from '../domain/executor/executor.ts';
import { outageKinds } from '../domain/partition/attempt.ts';
import { levels } from '../domain/triage/diagnosis.ts';
import { clauses } from '../domain/triage/explain.ts';
import { count, envelope, event, nullableTime, time, visible } from './schema-parts.ts';

const limit = z.looseObject({
  scope: z.enum(['tenant', 'asset_type', 'asset']),
  name: z.string().describe('empty for the tenant'),
  max_running: count,
  running: count,
});

/** What keeps a job from running. */
export const explanation = z.looseObject({
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
    again: z
      .looseObject({ id: z.uuid(), state: z.string() })
      .nullable()
      .describe('the newest job that was made for what a failed or cancelled one left undone'),
    executors: count,
    with_handler: count,
    draining: count,
    untroubled: count.describe('executors with a handler for which nothing that it needs is away'),
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
    lanes: count,
    max_parallel: count,
    at_work: z.array(z.string()),
    silent: z
      .array(z.looseObject({ id: z.string(), lanes: count, seen_at: nullableTime, until: time }))
      .describe(
        'executors at work on it that are not heard of, until when they may hold its slots',
      ),
    takeable: z.boolean(),
    missing: count.describe('partitions that it lacks, where it has nothing else left to run'),
    total_partitions: count,
    partitions_made: z.boolean().describe('all its partitions have been there'),
    due_at: nullableTime,
    blocked_keys: count,
    blocked_by: z.uuid().nullable(),
    blockers: z.array(z.looseObject({ pid: z.int(), login: z.string().nullable() })),
    in_front: count,
  }),
});

const log = z.looseObject({
  job_id: z.uuid(),
  partition_key: z.string(),
  attempt: z.int(),
  executor_id: z.string(),
  at: time,
  output: z.string(),
});

const limits = z.looseObject({ ...envelope, limits: z.array(limit) });

export const lookingSchemas = {
  executors: z.looseObject({
    ...envelope,
    executors: z.array(
      z.looseObject({
        id: z.string(),
        state: z.enum(executorStates),
        state_since: time,
        host: z.string(),
        pid: z.int(),
        version: z.string(),
        slots: count,
        slots_busy: count.describe('that run something of this tenant'),
        handlers: z.array(z.string()).describe('the assets that it can run at this moment'),
        catalogue: z
          .string()
          .nullable()
          .describe('a hash of its handler directory, as it was read at the start'),
        outages: z
          .array(
            z.looseObject({
              asset: z.string(),
              kind: z.enum(outageKinds),
              message: z.string(),
              since: time,
            }),
          )
          .describe('what is away for its handlers'),
        started_at: time,
        seen_at: time,
        hold_reason: z.string().nullable(),
        draining_at: nullableTime,
        lost_at: nullableTime,
        stopped_at: nullableTime,
        running: z.array(
          z.looseObject({
            job_id: z.uuid(),
            asset_name: z.string(),
            partition_key: z.string(),
            attempt: z.int(),
            started_at: time,
          }),
        ),
      }),
    ),
    visible,
  }),
  events: z.looseObject({ ...envelope, events: z.array(event), visible }),
  'events --follow': z.looseObject({ ...envelope, event }).describe('one document a line'),
  logs: z.looseObject({ ...envelope, job_id: z.uuid(), logs: z.array(log) }),
  'logs --follow': z.looseObject({ ...envelope, log }).describe('one document a line'),
  limits,
  assets: z.looseObject({
    ...envelope,
    assets: z.array(
      z.looseObject({
        id: z.uuid(),
        name: z.string(),
        asset_type: z.string(),
        granularity: z.string().nullable(),
        defaults: z.looseObject({
          max_parallel: count.optional(),
          max_attempts: count.optional(),
          timeout_ms: count.optional(),
        }),
        upstreams: z.array(z.string()),
        shared: z.boolean(),
        executors: count,
        living_jobs: count,
      }),
    ),
  }),
  'assets sync': z.looseObject({
    ...envelope,
    assets: z.array(z.string()),
    added: z.array(z.string()),
    differing: z.array(z.looseObject({ name: z.string(), every: z.string() })),
  }),
  doctor: z.looseObject({
    tenant_id: z.string().nullable(),
    diagnosis: z.looseObject({
      connection: z.string(),
      round_trip_ms: z.number(),
      server_version: z.string(),
      in_recovery: z.boolean(),
      program_version: z.string(),
      schema: z.looseObject({
        lowest_program: z.string().nullable(),
        missing: z.array(z.string()),
        newer: z.array(z.string()),
        too_new: z.boolean(),
      }),
      role: z.string(),
      superuser: z.boolean(),
      bypass_rls: z.boolean(),
      tables: z.array(
        z.looseObject({
          name: z.string(),
          enabled: z.boolean(),
          forced: z.boolean(),
          policies: count,
        }),
      ),
      clock_skew_ms: z.number(),
      pooled: z.boolean(),
      sees_sessions: z.boolean(),
      encoding: z.string(),
      settings: z
        .array(
          z.looseObject({
            name: z.string(),
            value: z.string(),
            wanted: z.string(),
            own: z.boolean().describe("servo-tui's own sessions have the wanted value"),
          }),
        )
        .describe('of server, database or role, where they are not as wanted'),
      old_snapshots: z.array(z.looseObject({ pid: z.int(), seconds: z.number() })),
      executors: z
        .looseObject({
          alive: count,
          held: count,
          draining: count,
          versions: z.array(z.string()),
        })
        .nullable(),
      has_jobs: z.boolean().nullable(),
      visible: visible.nullable(),
      claim_blockers: z
        .array(z.looseObject({ pid: z.int(), login: z.string().nullable() }))
        .nullable(),
      protection: z.looseObject({
        tables: z.array(z.looseObject({ name: z.string(), writers: z.array(z.string()) })),
        functions: z.array(z.looseObject({ name: z.string(), callers: z.array(z.string()) })),
      }),
    }),
    protection: z.array(
      z.looseObject({
        kind: z.enum(['table', 'function']),
        name: z.string(),
        level: z.enum(['ok', 'warning']),
        protection: z.string(),
        message: z.string(),
      }),
    ),
    checks: z.array(
      z.looseObject({
        check: z.string(),
        level: z.enum(levels),
        message: z.string(),
        hint: z.string().nullable(),
      }),
    ),
    violations: z
      .array(
        z.looseObject({
          id: z.string(),
          text: z.string(),
          job_id: z.uuid(),
          partition_key: z.string().nullable(),
          found: z.string(),
        }),
      )
      .nullable()
      .describe('null unless asked for'),
    origins: z.looseObject({
      database: z.string(),
      tenant: z.string().nullable(),
      read_only: z.string(),
      actor: z.string(),
      context: z.string().nullable(),
    }),
    actor: z.string(),
  }),
};
