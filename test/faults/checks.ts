import {
  completedByOthersText,
  findViolations,
} from '../../source/database/queries/find-violations.ts';
import { programAssets, sqlAssets } from './handlers.ts';
import { neighbour, refusedKey, tenant } from './jobs.ts';
import type { Scene } from './scene.ts';
import { treeChecks } from './trees.ts';

/** What is wrong at this moment, one line each; empty where every invariant holds. */
export async function violationsNow(scene: Scene): Promise<string[]> {
  const found = await findViolations(scene.database, tenant);
  // The external writer completes jobs too early, as the base implementation does, even
  // one that it found with nothing to do.
  const ofBase = await scene.rows<{ id: string }>('select distinct job_id as id from base_jobs');
  const byBase = new Set(ofBase.map(({ id }) => id));
  const ours = found.filter((one) => one.text !== completedByOthersText || !byBase.has(one.job_id));
  return ours.map(
    ({ id, text, job_id, partition_key, found: what }) =>
      `${id} (${text}): job ${job_id}${partition_key === null ? '' : `, ${partition_key}`}: ${what}`,
  );
}

/** Completions of the external writer are not our effects. */
const theirs = `exists (select from base_effects b where b.job_id = p.backfill_job_id and b.key = p.partition_key)`;

/** Nor what the job in whose place this one was made has completed. */
const adopted = `exists (select from backfill_events a where a.job_id = p.backfill_job_id and a.partition_key = p.partition_key and a.kind = 'adopted')`;

const ours = `not ${theirs} and not ${adopted}`;

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** What only the suite can check, once everything has come to rest. */
const history: readonly { what: string; sql: string }[] = [
  {
    what: 'every job has come to an end',
    sql: `select id as job, state || case when needs_finalizing then ', needs_finalizing' else '' end as found from backfill_jobs
      where tenant_id = '${tenant}' and (state not in ('completed', 'failed', 'cancelled') or needs_finalizing)`,
  },
  {
    what: 'nothing runs in a job that has ended, and it has no leases',
    sql: `select distinct j.id as job, p.state || ' ' || p.partition_key as found from backfill_jobs j
      left join backfill_partitions p on p.backfill_job_id = j.id and p.state in ('running', 'pending')
      where j.tenant_id = '${tenant}' and (p.id is not null or (cardinality(j.lease_tokens) > 0))`,
  },
  {
    what: 'the effect of an SQL handler is exactly-once',
    sql: `select j.id as job, format('%s is %s and has %s effects', p.partition_key, p.state, count(e.id)) as found
      from backfill_jobs j join backfill_partitions p on p.backfill_job_id = j.id
        left join effects e on e.job_id = j.id and e.key = p.partition_key
      where j.tenant_id = '${tenant}' and j.asset_name in (${list(sqlAssets)})
      group by j.id, p.id having count(e.id) <> (p.state = 'completed' and ${ours})::int`,
  },
  {
    what: 'each completion of ours is in the journal just once',
    sql: `select j.id as job, format('%s: %s completions', p.partition_key, count(e.id)) as found
      from backfill_jobs j join backfill_partitions p on p.backfill_job_id = j.id and p.state = 'completed' and ${ours}
        left join backfill_events e on e.job_id = j.id and e.partition_key = p.partition_key and e.kind = 'completed'
      where j.tenant_id = '${tenant}' group by j.id, p.id having count(e.id) <> 1`,
  },
  {
    what: 'a sequential job runs its keys in order, except for released ones',
    sql: `select job, found from (
        select j.id as job, format('%s after %s', e.key, lag(e.key) over w) as found,
          case when j.execution_strategy ->> 'order' = 'desc' then e.key > lag(e.key) over w else e.key < lag(e.key) over w end as wrong
        from backfill_jobs j join effects e on e.job_id = j.id
        where j.tenant_id = '${tenant}' and j.execution_strategy ->> 'type' = 'sequential'
          and not exists (select from backfill_events b where b.job_id = j.id and b.partition_key = e.key and b.kind <> 'completed')
          -- An external writer leaves its own gaps.
          and not exists (select from base_jobs b where b.job_id = j.id)
          -- A partition whose handler was unavailable waits for a while; the journal names only its job.
          and not exists (select from backfill_events b where b.job_id = j.id and b.kind = 'unavailable')
          -- An operator has let it run in parallel for a while.
          and not exists (select from backfill_events b where b.job_id = j.id and b.kind = 'set' and b.reason like '%parallel%')
        window w as (partition by j.id order by e.id)) o where wrong`,
  },
  {
    what: 'a failed job says which partitions failed it, if it was not one that it waited for',
    sql: `select j.id as job, coalesce(error_message, 'no message') as found from backfill_jobs j
      where tenant_id = '${tenant}' and state = 'failed' and started_at is not null and (error_message is null
        or not exists (select from backfill_partitions p where p.backfill_job_id = j.id and p.state = 'failed' and p.error_message is not null))`,
  },
  {
    what: 'a key of a job that was recreated runs only when it has ended in the old one',
    sql: `select m.id as job, format('%s ran at %s; in the old job %s it ended at %s', n.key, n.at, o.id, max(e.at)) as found
      from unnest($1::uuid[], $2::uuid[]) r (old, made) join backfill_jobs o on o.id = r.old join backfill_jobs m on m.id = r.made
        join effects n on n.job_id = m.id
        join backfill_events e on e.job_id = o.id and e.partition_key = n.key and e.kind not in ('fenced', 'released')
      group by m.id, o.id, n.key, n.at having n.at < max(e.at)`,
  },
  {
    what: 'no attempt finds what another has left in its session',
    sql: `select backfill_job_id as job, partition_key || ': ' || error_message as found from backfill_partitions
      where tenant_id = '${tenant}' and error_message ~ '^leftover|relation "stage" already exists|does not exist'`,
  },
  {
    what: 'an outage of what a handler calls costs no partition',
    sql: `select j.id as job, p.partition_key || ': ' || p.error_message as found from backfill_jobs j join backfill_partitions p on p.backfill_job_id = j.id
      where j.tenant_id = '${tenant}' and p.state = 'failed' and p.error_message ~ 'ECONNREFUSED|ENOENT|could not connect to server'`,
  },
  {
    // As which one is open: it may have been lost, or have failed, before it came to be refused.
    what: 'a completion that the database refuses ends as a failure',
    sql: `select j.id as job, format('%s, %s attempts: %s', p.state, p.attempt_count, p.error_message) as found
      from backfill_jobs j join backfill_partitions p on p.backfill_job_id = j.id
      where j.tenant_id = '${tenant}' and p.partition_key = '${refusedKey}'
        and p.state not in ('failed', 'skipped')`,
  },
  {
    what: 'no partition is tried without end',
    sql: `select backfill_job_id as job, format('%s: %s attempts, %s failures, %s crashes', partition_key, attempt_count, failure_count, crash_count) as found
      from backfill_partitions where tenant_id = '${tenant}' and attempt_count > 100`,
  },
  {
    what: 'what a job has completed is not run again in the job that was made in its place',
    sql: `select m.id as job, format('%s ran at %s; job %s had completed it', n.key, n.at, p.backfill_job_id) as found
      from unnest($1::uuid[], $2::uuid[]) r (old, made) join backfill_jobs m on m.id = r.made join effects n on n.job_id = m.id
        join backfill_partitions p on p.backfill_job_id = r.old and p.partition_key = n.key and p.state = 'completed' and not ${theirs}`,
  },
  ...treeChecks,
  {
    what: 'I11: no one touches another tenant’s rows',
    sql: `select j.id as job, format('%s, version %s', j.state, j.version) as found from backfill_jobs j
      where tenant_id = '${neighbour}' and (state <> 'pending' or version <> 1 or exists (
        select from backfill_partitions p where p.backfill_job_id = j.id and (p.state <> 'pending' or p.attempt_count > 0)))`,
  },
];

export async function violationsAtRest(scene: Scene): Promise<string[]> {
  const lines = await violationsNow(scene);
  const pairs = [scene.recreated.map(({ old }) => old), scene.recreated.map(({ made }) => made)];
  for (const { what, sql } of history) {
    const values = sql.includes('$1') ? pairs : [];
    const rows = await scene.rows<{ job: string; found: string }>(`${sql} limit 20`, values);
    lines.push(...rows.map(({ job, found }) => `${what}: job ${job}: ${found}`));
  }
  lines.push(...(await neverRan(scene)), ...(await cameTooSoon(scene)));
  lines.push(...(await scene.limits.violations(scene)).slice(0, 20));
  for (const host of scene.hosts)
    lines.push(...host.deaths.map((death) => `no worker dies unless it is killed: ${death}`));
  return lines;
}

async function neverRan(scene: Scene): Promise<string[]> {
  const done = new Set(scene.effects());
  const rows = await scene.rows<{ id: string; partition_key: string }>(
    `select j.id, p.partition_key from backfill_jobs j join backfill_partitions p on p.backfill_job_id = j.id
     where j.tenant_id = $1 and j.asset_name = any ($2) and p.state = 'completed' and not ${adopted}`,
    [tenant, programAssets],
  );
  return rows
    .filter(({ id, partition_key }) => !done.has(`${id} ${partition_key}`))
    .map(
      ({ id, partition_key }) =>
        `a completed program has run: job ${id}: ${partition_key} never ran`,
    );
}

/** Of an answer that said when to come again, if the journal says that it was heard. */
async function cameTooSoon(scene: Scene): Promise<string[]> {
  const heard = await scene.rows<{ job_id: string; partition_key: string; at: Date }>(
    `select job_id, partition_key, at from backfill_events where tenant_id = $1 and kind = 'snoozed' and reason ~ ': HTTP (429|503)'`,
    [tenant],
  );
  const lines: string[] = [];
  for (const { job, key, told, due, came } of scene.endpoint.comebacks()) {
    const at = heard
      .filter((event) => event.job_id === job && event.partition_key === key)
      .find((event) => event.at.getTime() >= told && event.at.getTime() <= came);
    // Both clocks are read in whole milliseconds.
    if (at !== undefined && came < due - 1)
      lines.push(`Retry-After is honoured: job ${job}: ${key} came back ${due - came} ms too soon`);
  }
  return lines;
}
