import type { Job } from './job.ts';
import { type Action, actionTargets } from './job-state.ts';

/** What each action writes besides state and version (backfill-operations, "Common Operations"). */
const assignments: Readonly<Record<Action, readonly string[]>> = {
  pause: ['paused_at = now()'],
  resume: ['heartbeat_at = now()'],
  cancel: ['completed_at = now()'],
};

type Seen = Pick<Job, 'id' | 'tenant_id' | 'state' | 'version'>;

/**
 * The UPDATE behind an action, to be read by a person before it runs and to be pasted into psql:
 * compare-and-set on the state and version that were seen. Never executed by this program, whose own
 * statement takes the same values as parameters.
 */
export function actionSql(action: Action, seen: Seen): string {
  const sets = [
    `state = ${literal(actionTargets[action])}`,
    ...assignments[action],
    'version = version + 1',
  ];
  return [
    `UPDATE backfill_jobs SET ${sets.join(', ')}`,
    `WHERE id = ${literal(seen.id)} AND tenant_id = ${literal(seen.tenant_id)}`,
    `  AND state = ${literal(seen.state)} AND version = ${seen.version};`,
  ].join('\n');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
