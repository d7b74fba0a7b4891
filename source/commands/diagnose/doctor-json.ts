import { z } from 'zod';
import { count, visible } from '../../app/json-shapes.ts';
import { levels } from '../../domain/triage/diagnosis.ts';

export const shapes = {
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
          on_hold: count,
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
