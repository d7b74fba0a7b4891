import type { Database } from '../../database/database.ts';
import { countJobs } from '../../database/queries/list-jobs.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import type { JobFilter } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { byAttention, compareBy, type Sort } from '../../domain/job/order.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError, UsageError } from '../../errors.ts';
import { gather, prepareSearch } from '../jobs/find-jobs.ts';

type SelectedJob = Pick<JobView, 'id' | 'version' | 'state' | 'asset_name' | 'priority'>;

type Selection = {
  as_of: Date;
  tenant_id: string;
  filter: string;
  jobs: SelectedJob[];
  /** More jobs matched than may be selected. */
  truncated: boolean;
};

const maxSelected = 10_000;

/**
 * The jobs that match a filter, in order: all of them, however long that takes, or the first
 * `limit` with `truncated` set.
 * @throws UsageError for an invalid filter; ServoError not_found for a job that it names
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
