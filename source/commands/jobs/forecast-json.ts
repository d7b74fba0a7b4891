import { z } from 'zod';
import { count, nullableTime, time } from '../../app/json-shapes.ts';
import { riskLevels } from '../../domain/risk/risk.ts';
import { bufferFits, tiers } from '../../domain/risk/tier.ts';

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
