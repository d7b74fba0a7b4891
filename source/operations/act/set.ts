import type { Author, Database } from '../../database/database.ts';
import { lockJob } from '../../database/queries/lock-job.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { setJobSettings } from '../../database/queries/set-job-settings.ts';
import { wakeExecutors, writeEvent } from '../../database/queries/write-event.ts';
import { readParameters } from '../../domain/job/action.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type Change, changesOf, describeChanges } from '../../domain/job/settings.ts';
import type { SettingsInput } from '../../domain/job/settings-input.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { type JobThresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError, UsageError } from '../../errors.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { type JobSeen, requireSettings, requireUnchanged } from './compare.ts';

export type SetResult = {
  as_of: Date;
  tenant_id: string;
  changes: Change[];
  job: JobView;
};

/**
 * From the next claim on; journalled. @throws UsageError with every mistake, or if no setting is
 * given; ServoError not_found, or not_allowed for an ended job
 */
export async function setJob(
  db: Database,
  author: Author,
  id: string,
  input: SettingsInput,
  seen?: JobSeen,
  thresholds: JobThresholds = thresholdDefaults,
): Promise<SetResult> {
  return db.write(author, async (query) => {
    const now = await readClock(query);
    const { settings, problems } = readParameters('set', input, now);
    if (problems.length > 0) throw new UsageError(problems);
    const job = await lockJob(query, author.tenant, id);
    if (job === null) throw noSuchJob(id);
    refuseEnded(job);
    requireUnchanged('set', job, seen);
    requireSettings(job, seen, settings);
    const { changes, columns } = changesOf(job, settings);
    if (changes.length > 0) {
      await setJobSettings(query, author.tenant, id, columns);
      const note = author.reason?.trim() ? `: ${author.reason.trim()}` : '';
      const reason = `${describeChanges(changes)}${note}`;
      await writeEvent(query, { ...author, reason }, id, 'set');
      await wakeExecutors(query, author.tenant);
    }
    const after = (await readJob(query, author.tenant, id))!;
    return {
      as_of: now,
      tenant_id: author.tenant,
      changes,
      job: await viewOneJob(query, author.tenant, after, now, thresholds),
    };
  });
}

/** The changes that `setJob` would make. Changes nothing. @throws as setJob */
export async function previewSet(
  db: Database,
  tenant: string,
  id: string,
  input: SettingsInput,
  thresholds: JobThresholds = thresholdDefaults,
): Promise<SetResult> {
  return db.read(tenant, async (query) => {
    const now = await readClock(query);
    const { settings, problems } = readParameters('set', input, now);
    if (problems.length > 0) throw new UsageError(problems);
    const job = await readJob(query, tenant, id);
    if (job === null) throw noSuchJob(id);
    refuseEnded(job);
    const { changes } = changesOf(job, settings);
    const view = await viewOneJob(query, tenant, job, now, thresholds);
    return { as_of: now, tenant_id: tenant, changes, job: view };
  });
}

function refuseEnded({ id, state }: Pick<JobView, 'id' | 'state'>): void {
  if (!isTerminal(state)) return;
  throw new ServoError('not_allowed', `cannot set ${shortId(id)} (it is ${state})`, {
    hint: `see: servo-tui status ${shortId(id)}`,
  });
}
