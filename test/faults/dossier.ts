import { tenant } from './jobs.ts';
import type { Scene } from './scene.ts';

/** Of many violations the first few jobs tell the story. */
const most = 3;

/** All that is known of each job that these lines name: how it was made, its journal, its partitions, what they left behind. */
export async function dossiers(scene: Scene, violations: readonly string[]): Promise<string[]> {
  const jobs = [
    ...new Set(violations.flatMap((line) => /job ([0-9a-f-]{36})/.exec(line)?.[1] ?? [])),
  ];
  const texts: string[] = [];
  for (const job of jobs.slice(0, most)) texts.push(await dossier(scene, job));
  return texts;
}

const parts: readonly { title: string; sql: string }[] = [
  {
    title: 'job (created_by says how it was made)',
    sql: `select to_jsonb(j) - 'partition_keys' as line from backfill_jobs j where id = $1`,
  },
  {
    title: 'journal',
    sql: `select concat_ws(' ', id, to_char(at, 'HH24:MI:SS.US'), kind, partition_key, from_state, to_state, '|', actor, '|', reason) as line
      from backfill_events where job_id = $1 order by id`,
  },
  {
    title: 'partitions',
    sql: `select concat_ws(' ', partition_key, state, 'attempts', attempt_count, 'failures', failure_count, 'crashes', crash_count,
        'started', to_char(started_at, 'HH24:MI:SS.US'), 'completed', to_char(completed_at, 'HH24:MI:SS.US'),
        'owner', lease_owner, 'lease until', lease_expires_at, 'available', available_at, '|', error_message) as line
      from backfill_partitions where backfill_job_id = $1 order by partition_key`,
  },
  {
    title: 'effects, and those of the external writer',
    sql: `select concat_ws(' ', id, key, 'attempt', attempt, to_char(at, 'HH24:MI:SS.US')) as line from effects where job_id = $1
      union all select concat_ws(' ', 'base', key) from base_effects where job_id = $1`,
  },
  {
    title: 'other jobs of the asset that were cancelled or failed while it lived',
    sql: `select concat_ws(' ', o.id, o.state, 'completed', to_char(o.completed_at, 'HH24:MI:SS.US'), o.error_message) as line
      from backfill_jobs j join backfill_jobs o on o.asset_id = j.asset_id and o.tenant_id = j.tenant_id and o.id <> j.id
      where j.id = $1 and o.state in ('cancelled', 'failed') and o.completed_at > j.created_at
        and (j.completed_at is null or o.created_at < j.completed_at) order by o.completed_at`,
  },
];

async function dossier(scene: Scene, job: string): Promise<string> {
  const lines = [`job ${job} of ${tenant}`];
  for (const { title, sql } of parts) {
    const rows = await scene.rows<{ line: unknown }>(sql, [job]);
    lines.push(`  ${title}:`);
    for (const { line } of rows)
      lines.push(`    ${typeof line === 'string' ? line : JSON.stringify(line)}`);
  }
  return lines.join('\n');
}
