import type { Database } from '../../database/database.ts';
import { countJobs } from '../../database/queries/list-jobs.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import type { JobFilter } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { byAttention, compareBy, type Sort } from '../../domain/job/order.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError, UsageError } from '../../errors.ts';
import { gather, prepareSearch } from '../jobs/find-jobs.ts';

/** A job as it was when it was selected: what an action on it compares with. */
export type SelectedJob = Pick<JobView, 'id' | 'version' | 'state' | 'asset_name' | 'priority'>;

/** All jobs that matched a filter at one moment: the list is frozen, whatever matches later. */
export type Selection = {
  as_of: Date;
  tenant_id: string;
  filter: string;
  jobs: SelectedJob[];
  /** More matched than may be selected at once. */
  truncated: boolean;
};

/** More jobs than these are not acted upon in one go. */
export const maxSelected = 10_000;

/**
 * The jobs that match a filter, what needs attention first: every one of them, however long looking for them takes, or the first
 * `limit` and the word that there are more.
 * @throws UsageError for a filter that cannot be read; ServoError not_found for a job that it names and that is not there
 */
export async function selectJobs(
  db: Database,
  tenant: string,
  filter: JobFilter,
  options: { limit?: number; sort?: Sort; thresholds?: JobThresholds } = {},
): Promise<Selection> {
  if (filter.problems.length > 0) {
    throw new UsageError(filter.problems.map((message) => ({ message })));
  }
  const { limit = maxSelected, sort = byAttention, thresholds = thresholdDefaults } = options;
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const states = Object.keys(await countJobs(query, tenant, 1));
    const snapshot = { as_of, states, thresholds };
    const search = await prepareSearch(query, tenant, filter, snapshot);
    if (search.problem !== null) throw new ServoError('not_found', search.problem);
    const { jobs } = await gather(query, tenant, search, limit + 1, null);
    const selected = jobs
      .sort(compareBy(sort))
      .slice(0, limit)
      .map(({ id, version, state, asset_name, priority }) => ({
        id,
        version,
        state,
        asset_name,
        priority,
      }));
    return {
      as_of,
      tenant_id: tenant,
      filter: filter.text,
      jobs: selected,
      truncated: jobs.length > limit,
    };
  });
}
