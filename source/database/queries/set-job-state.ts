import type { Job } from '../../domain/job/job.ts';
import { type Action, actionTargets } from '../../domain/job/state.ts';
import type { Query } from '../database.ts';

/** Columns of each action besides state and version (backfill-operations, "Common Operations"). */
const assignments: Readonly<Record<Action, string>> = {
  pause: 'paused_at = clock_timestamp()',
  // So that "stuck resuming" ages from the resume.
  resume: 'heartbeat_at = clock_timestamp()',
  cancel: 'completed_at = clock_timestamp(), error_message = $6',
};

/** Compare-and-set on state and version. Returns the new ones, or null if the job has changed. */
export async function setJobState(
  query: Query,
  tenant: string,
  action: Action,
  expected: Pick<Job, 'id' | 'state' | 'version'>,
  reason: string | null,
): Promise<Pick<Job, 'state' | 'version'> | null> {
  const [row] = await query<Pick<Job, 'state' | 'version'>>(
    `update backfill_jobs set state = $5, version = version + 1, ${assignments[action]}
     where id = $2 and tenant_id = $1 and state = $3 and version = $4
     returning state, version`,
    [
      tenant,
      expected.id,
      expected.state,
      expected.version,
      actionTargets[action],
      ...(action === 'cancel' ? [reason] : []),
    ],
  );
  return row ?? null;
}
