import { writeTime } from '../time/time.ts';
import { isTransition, type JobAction } from './action.ts';
import type { Job } from './job.ts';
import { changesOf, type JobSettings, type Setting, type SettingValue } from './settings.ts';
import { type Action, actionTargets, isTerminal } from './state.ts';

/**
 * What each transition writes besides state and version (backfill-operations, "Common Operations").
 */
const assignments: Readonly<Record<Action, readonly string[]>> = {
  pause: ['paused_at = now()'],
  resume: ['heartbeat_at = now()'],
  cancel: ['completed_at = now()'],
};

type JobSeen = Pick<
  Job,
  'id' | 'tenant_id' | 'state' | 'version' | 'priority' | 'sla_deadline_at' | 'execution_strategy'
>;

/**
 * The statement behind an action, for a person to read and to paste into psql: compare-and-set on
 * the state and version that were seen. This program never runs it; its own statements bind the
 * same values as parameters.
 */
export function actionSql(action: JobAction, seen: JobSeen, settings: JobSettings = {}): string {
  if (isTransition(action)) return transition(action, seen);
  return statements[action](seen, settings);
}

const statements: Readonly<
  Record<Exclude<JobAction, Action>, (seen: JobSeen, settings: JobSettings) => string>
> = {
  // backfill-operations, "Force reclaim if needed".
  reclaim: (seen) =>
    update(["heartbeat_at = now() - interval '5 minutes'", 'version = version + 1'], seen),
  retry: (seen) => (isTerminal(seen.state) ? newJob(seen, seen, ['failed']) : retryInPlace(seen)),
  set: (seen, settings) => {
    const { changes, columns } = changesOf(seen, settings);
    const strategy = changes.some(({ setting }) => columnOf(setting) === 'execution_strategy');
    const sets = changes.flatMap(({ setting, to }) =>
      columnOf(setting) === setting ? [`${setting} = ${sqlOf(to)}`] : [],
    );
    if (strategy) {
      sets.push(`execution_strategy = ${literal(JSON.stringify(columns.execution_strategy))}`);
    }
    return sets.length > 0 ? update(sets, seen) : '-- no changes yet';
  },
  recreate: (seen, settings) =>
    newJob(seen, changesOf(seen, settings).columns, [
      'pending',
      'running',
      ...(isTerminal(seen.state) ? ['skipped'] : []),
    ]),
};

function transition(action: Action, seen: JobSeen): string {
  const sets = [
    `state = ${literal(actionTargets[action])}`,
    ...assignments[action],
    'version = version + 1',
  ];
  return update(sets, seen);
}

function update(sets: readonly string[], seen: JobSeen): string {
  return `UPDATE backfill_jobs SET ${sets.join(', ')}\n${where(seen)};`;
}

function where({ id, tenant_id, state, version }: JobSeen): string {
  return [
    `WHERE id = ${literal(id)} AND tenant_id = ${literal(tenant_id)}`,
    `  AND state = ${literal(state)} AND version = ${version}`,
  ].join('\n');
}

function retryInPlace(seen: JobSeen): string {
  return [
    `WITH job AS (UPDATE backfill_jobs SET failed_partitions = 0`,
    `${where(seen)} RETURNING id)`,
    `UPDATE backfill_partitions SET state = 'pending', failure_count = 0, crash_count = 0,`,
    `  available_at = now(), completed_at = NULL`,
    `WHERE backfill_job_id IN (SELECT id FROM job) AND state = 'failed';`,
  ].join('\n');
}

/**
 * One statement: cancels the old job if it has not ended, creates a new job of these partitions,
 * and the partitions.
 */
function newJob(
  seen: JobSeen,
  columns: Pick<Job, 'priority' | 'sla_deadline_at' | 'execution_strategy'>,
  states: readonly string[],
): string {
  const old = isTerminal(seen.state)
    ? `SELECT * FROM backfill_jobs\n${where(seen)}`
    : transition('cancel', seen).replace(/;$/, ' RETURNING *');
  return [
    `WITH old AS (${old}),`,
    `keys AS (SELECT partition_key FROM backfill_partitions`,
    `  WHERE backfill_job_id = ${literal(seen.id)} AND state IN (${states.map(literal).join(', ')})),`,
    `job AS (INSERT INTO backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, created_by,`,
    `    priority, sla_deadline_at, execution_strategy, total_partitions)`,
    `  SELECT tenant_id, asset_id, asset_name, gen_random_uuid(), current_user, ${columns.priority},`,
    `    ${sqlOf(columns.sla_deadline_at)}, ${literal(JSON.stringify(columns.execution_strategy))},`,
    `    (SELECT count(*) FROM keys)`,
    `  FROM old RETURNING id, tenant_id)`,
    `INSERT INTO backfill_partitions (id, backfill_job_id, tenant_id, partition_key)`,
    `SELECT gen_random_uuid(), job.id, job.tenant_id, keys.partition_key FROM job, keys;`,
  ].join('\n');
}

function columnOf(setting: Setting): string {
  return setting === 'priority' || setting === 'sla_deadline_at' ? setting : 'execution_strategy';
}

function sqlOf(value: SettingValue): string {
  if (value === null) return 'NULL';
  return value instanceof Date ? literal(writeTime(value)) : String(value);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
