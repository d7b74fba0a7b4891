import type { Author, Query } from '../database.ts';

/** Journals an operator's request that changes no state. */
export async function writeEvent(
  query: Query,
  author: Author,
  job: string,
  kind: string,
): Promise<void> {
  await query(
    'insert into backfill_events (tenant_id, job_id, kind, actor, reason) values ($1, $2, $3, $4, $5)',
    [author.tenant, job, kind, author.actor, author.reason?.slice(0, 2000) ?? null],
  );
}

/** At commit, like a change of state (migrations/functions/triggers.sql). */
export async function wakeExecutors(query: Query, tenant: string): Promise<void> {
  await query(`select pg_notify('servo', left(md5($1), 8))`, [tenant]);
}
