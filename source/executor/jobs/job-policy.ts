import type { Candidate } from '../../database/queries/find-work.ts';
import type { BatchPolicy } from '../../database/queries/report-and-claim.ts';
import { strategyDefaults } from '../../domain/job/strategy.ts';
import type { Handler } from '../../handlers/handler.ts';

/** The asset's settings apply to jobs without their own, also of external writers. */
export function policyOf({ settings }: Handler, pauseAt: number | null): BatchPolicy {
  return {
    ...(settings?.max_attempts ? { max_attempts: settings.max_attempts } : {}),
    ...(settings?.timeout_ms ? { timeout_ms: settings.timeout_ms } : {}),
    ...(pauseAt === null ? {} : { pause_at: pauseAt }),
  };
}

export function mostAttempts(job: Candidate, { max_attempts }: BatchPolicy): number {
  return job.max_attempts ?? max_attempts ?? strategyDefaults.max_attempts;
}
