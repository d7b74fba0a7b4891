import { z } from 'zod';
import { count, envelope, nullableTime, time, visible } from '../../app/json-shapes.ts';
import { tiers } from '../../domain/risk/tier.ts';

export const shapes = {
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
