import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readReviewed, readRiskHours } from '../../database/queries/read-review.ts';
import { type Review, reviewOf } from '../../domain/report/review.ts';
import { type Moment, momentAt } from '../../domain/time/deadline.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';

const maxJobs = 5000;

export type ReviewReport = Review & {
  as_of: Date;
  tenant_id: string;
  since: Date;
  truncated: boolean;
};

/**
 * How well deadlines and ETAs held. Samples are kept for two weeks.
 * @param since an instant, or milliseconds before now
 */
export function reviewDeadlines(
  db: Database,
  tenant: string,
  since: { at: Date } | { before_ms: number },
  thresholds: Thresholds = thresholdDefaults,
): Promise<ReviewReport> {
  const { early_warning } = thresholds;
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const moment: Moment = 'at' in since ? since : { after_ms: -since.before_ms };
    const from = momentAt(moment, as_of);
    const jobs = await readReviewed(query, tenant, from, maxJobs, early_warning);
    const hours = await readRiskHours(query, tenant, from, maxJobs, early_warning);
    const ended = jobs.filter(({ completed_at }) => completed_at !== null).length;
    const truncated = ended >= maxJobs || jobs.length - ended >= maxJobs;
    return { as_of, tenant_id: tenant, since: from, ...reviewOf(jobs, hours), truncated };
  });
}
