import { policy } from '../policy.ts';

/** Whether forecasts of this time are believed; null: there are none. */
export function isFresh(computedAt: Date | null, asOf: Date): boolean {
  return computedAt !== null && asOf.getTime() - computedAt.getTime() <= policy.forecast_fresh_ms;
}
