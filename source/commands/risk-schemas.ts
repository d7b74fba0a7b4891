import { z } from 'zod';
import { riskLevels } from '../domain/risk/risk.ts';
import { bufferFits, tiers } from '../domain/risk/tier.ts';
import { count, envelope, job, nullableTime, time, visible } from './schema-parts.ts';

const row = job.extend({
  sla_tier: z.enum(tiers),
  sla_buffer: z
    .number()
    .nullable()
    .describe('(deadline - ETA) / (ETA - start), null without a deadline or an ETA'),
  sla_buffer_fit: z.enum(bufferFits).nullable().describe("whether that is the tier's"),
  what_if: z
    .looseObject({
      id: z.uuid(),
      slots: count.describe('at work on it'),
      max_parallel: count,
      remaining_partitions: count,
      eta_seconds: z.number().nullable(),
      sla_deadline_at: nullableTime,
      risk_level: z.enum(riskLevels),
      risk_severity: z.number().nullable(),
      paused: z.boolean().describe('the ETA is that of a job that goes on at once'),
    })
    .nullable()
    .describe('null where nothing is supposed, and for a job that has ended'),
});

/** What a new job may be expected to take. */
export const forecast = z
  .looseObject({
    past_jobs: z.array(
      z.looseObject({
        id: z.uuid(),
        state: z.string(),
        completed_at: time,
        total_partitions: count,
        completed_partitions: count,
        failed_partitions: count,
        avg_partition_duration_ms: z.number().nullable(),
      }),
    ),
    slots: count.describe('that it would have now'),
    average_ms: z.number().nullable(),
    duration_seconds: z.number().nullable().describe('null where no past job completed anything'),
    low_seconds: z.number().nullable(),
    high_seconds: z.number().nullable(),
    finish_at: nullableTime.describe('if started now'),
    sla_tier: z.enum(tiers),
    sla_buffer: z.number().nullable(),
    sla_buffer_fit: z.enum(bufferFits).nullable(),
    risk_level: z.enum(riskLevels),
    worst_keys: z.array(
      z.looseObject({
        partition_key: z.string(),
        slowest_ms: z.number().nullable(),
        failed: count,
      }),
    ),
    errors: z.array(z.looseObject({ error_message: z.string().nullable(), count })),
  })
  .nullable()
  .describe("from the asset's last jobs; null but for start --dry-run");

const levels = z.partialRecord(z.enum(riskLevels), count);

export const riskSchemas = {
  risk: z.looseObject({
    ...envelope,
    visible,
    early_warning_seconds: z.number(),
    slots: z.looseObject({ now: count, what_if: count.nullable() }),
    jobs: z.array(row).describe('with a deadline, the most urgent first'),
    others: z.array(row).describe('other live jobs that share the slots with them'),
    levels: z.looseObject({ now: levels, what_if: levels.nullable() }),
    advice: z.array(
      z.looseObject({
        level: z.enum(riskLevels),
        heading: z.string().describe("the runbook's"),
        meaning: z.string(),
        options: z.array(
          z.looseObject({
            title: z.string(),
            steps: z.array(z.string()),
            command: z.string().nullable().describe('JOB stands for the id'),
          }),
        ),
      }),
    ),
    truncated: z.boolean(),
  }),
  review: z.looseObject({
    ...envelope,
    visible,
    since: time,
    ended: count.describe('with a deadline'),
    met: count,
    missed: count,
    calls: z.array(
      z.looseObject({
        id: z.uuid(),
        asset_name: z.string(),
        state: z.string(),
        outcome: z.enum(['missed', 'close']),
        sla_tier: z.enum(tiers),
        sla_deadline_at: time,
        completed_at: nullableTime,
        margin_seconds: z.number().nullable().describe('null where the job did not complete'),
        at_risk_minutes: count,
      }),
    ),
    eta: z.looseObject({
      jobs: count,
      error: z
        .number()
        .nullable()
        .describe('median of |actual end - ETA| / (actual end - then), over samples and jobs'),
      bias: z.number().nullable().describe('the same with its sign: above 0 ETAs were too early'),
    }),
    assets: z.array(
      z.looseObject({
        asset_name: z.string(),
        ended: count,
        missed: count,
        close: count,
        at_risk_hours: z.number(),
        breached_hours: z.number(),
        eta_error: z.number().nullable(),
        eta_bias: z.number().nullable(),
      }),
    ),
    hours: z
      .array(z.looseObject({ hour: z.int().min(0).max(23), at_risk_minutes: count }))
      .describe('of the day, UTC'),
    truncated: z.boolean(),
  }),
};
