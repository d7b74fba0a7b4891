import { z } from 'zod';
import { count, envelope, nullableTime, visible } from '../../app/json-shapes.ts';
import { riskLevels } from '../../domain/risk/risk.ts';
import { bufferFits, tiers } from '../../domain/risk/tier.ts';
import { job } from '../jobs/job-json.ts';
import { adviceFields, lateBy, remedy } from '../jobs/remedy-json.ts';

export const row = job.extend({
  late_by_seconds: lateBy,
  sla_tier: z.enum(tiers),
  sla_buffer: z
    .number()
    .nullable()
    .describe('(deadline - ETA) / (ETA - start), null without a deadline or an ETA'),
  sla_buffer_fit: z.enum(bufferFits).nullable().describe("whether that is the tier's"),
  what_if: z
    .looseObject({
      id: z.uuid(),
      priority: z.int(),
      max_parallel: count,
      remaining_partitions: count,
      incomplete_partitions: count,
      eta_seconds: z.number().nullable(),
      sla_deadline_at: nullableTime,
      risk_level: z.enum(riskLevels),
      risk_severity: z.number().nullable(),
      late_by_seconds: lateBy,
      paused: z.boolean(),
      resumed: z.boolean(),
      moved_seconds: z.number().nullable().describe('later, or below 0 earlier; null if unknown'),
      victim: z.boolean().describe('it ends later because of changes to others'),
      made_late: z.boolean().describe('it would have met its deadline'),
    })
    .nullable()
    .describe('null without a what-if, and for a job that has ended'),
});

const levels = z.partialRecord(z.enum(riskLevels), count);

export const shapes = {
  risk: z.looseObject({
    ...envelope,
    visible,
    early_warning_seconds: z.number(),
    slots: z.looseObject({ now: count, what_if: count.nullable() }),
    jobs: z.array(row).describe('with a deadline, the most urgent first'),
    others: z.array(row).describe('other live jobs that share the slots with them'),
    victims: z.array(row).describe('jobs that the what-if makes later, late ones first'),
    remedies: z
      .array(z.looseObject({ ...adviceFields, remedies: z.array(remedy) }))
      .describe('what brings the jobs at risk in, the most urgent jobs first'),
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
};
