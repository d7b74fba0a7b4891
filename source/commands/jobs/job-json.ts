import { z } from 'zod';
import { count, figure, nullableTime, time } from '../../app/json-shapes.ts';
import { bounds } from '../../domain/forecast/job-forecast.ts';
import { healths } from '../../domain/job/health.ts';
import { riskLevels } from '../../domain/risk/risk.ts';
import { waitingClauses } from '../../domain/triage/clause-reason.ts';

/** Columns of backfill_jobs by their names, and what is derived from them. */
export const job = z.looseObject({
  id: z.uuid(),
  tenant_id: z.string(),
  asset_id: z.uuid(),
  asset_name: z.string(),
  idempotency_key: z.string(),
  state: z.string().describe('a newer program may write states that this one does not know'),
  execution_strategy: z
    .unknown()
    .describe('an object, unless another program wrote something else'),
  partition_start: z.string().nullable(),
  partition_end: z.string().nullable(),
  total_partitions: figure,
  completed_partitions: figure,
  failed_partitions: figure,
  skipped_partitions: figure,
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
  running_slots: count.describe('running partitions of the job, over all hosts'),
  ours: z.boolean().describe('it runs under the claim of a servo-tui executor'),
  failing: z.boolean().describe('its last attempts failed alike with a permanent error'),
  silent_slots: count.describe('those of running_slots whose executor is silent'),
  silence: z
    .looseObject({
      executor: z.string().describe('the one with most of its leases'),
      executors: count.describe('how many are silent'),
      silent_seconds: z.number().nullable(),
      takeover_seconds: z
        .number()
        .nullable()
        .describe('at most, until others take over; null: none is alive'),
    })
    .nullable()
    .describe('the silent executors that hold its leases'),
  waits_for: z
    .enum(waitingClauses)
    .nullable()
    .describe('the clause of explain that keeps it from being worked on'),
  incomplete_partitions: count.describe('failed partitions of a job that has not ended'),
  health: z.enum(healths),
  health_reason: z.string().nullable(),
  urgency: count.describe('0: the first of those that need a person'),
  rate_base: z.looseObject({ at: time, completed: z.int() }).nullable(),
  eta_trend: z
    .looseObject({
      base: z.looseObject({ at: time, eta: time }).nullable(),
      least_average_ms: z.number(),
      most_average_ms: z.number(),
    })
    .nullable()
    .describe('from its samples of the last 15 minutes'),
  progress: z.number().min(0).max(1),
  remaining_partitions: count,
  rate_per_minute: z.number().nullable(),
  heartbeat_age_seconds: z.number().nullable(),
  heartbeat_stale: z.boolean(),
  eta_seconds: z
    .number()
    .nullable()
    .describe(
      'by the forecast; null where it is not known, for a paused job, and on silent executors only',
    ),
  needs_seconds: z
    .number()
    .nullable()
    .describe('how long it takes once it is worked on, where its ETA waits for that'),
  start_seconds: z.number().nullable().describe('until it gets a slot, if it has none'),
  place: z.int().nullable().describe('among the jobs that wait for a slot, from 1'),
  bound_by: z.enum(bounds).nullable().describe('what keeps it from being done earlier'),
  unknown: z
    .enum([...bounds, 'no_duration'])
    .nullable()
    .describe('why the forecast knows no ETA'),
  late_by_seconds: z.number().nullable().describe('ETA − deadline; negative: in time'),
  eta_low_seconds: z.number().nullable().describe('eight of ten finishes are expected between'),
  eta_high_seconds: z.number().nullable().describe('this and this'),
  forecast: z
    .looseObject({ computed_at: time, start_at: nullableTime, finish_at: nullableTime })
    .nullable()
    .describe('as an executor has stored it; null: computed by this command, or there is none'),
  eta_drift_seconds: z.number().nullable().describe('above 0: later than it was 15 minutes ago'),
  waiting_upstream_count: count,
  risk_level: z.enum(riskLevels),
  risk_severity: z.number().nullable(),
});

export const event = z.looseObject({
  id: z.int(),
  job_id: z.uuid(),
  partition_key: z.string().nullable(),
  kind: z.string(),
  from_state: z.string().nullable(),
  to_state: z.string().nullable(),
  actor: z.string(),
  login: z.string().describe('the role that was logged in, by the database'),
  reason: z.string().nullable(),
  at: time,
});
