import type { Dialog } from '../../domain/job/dialog.ts';
import type { Query } from '../database.ts';

export type OpenDialogs = { as_of: Date; dialogs: Dialog[] };

type Row = { now: Date; dialogs: (Omit<Dialog, 'opened_at'> & { opened_at: string })[] };

function openDialogsOf([row]: Row[]): OpenDialogs {
  const { now, dialogs } = row!;
  return {
    as_of: now,
    dialogs: dialogs.map((dialog) => ({ ...dialog, opened_at: new Date(dialog.opened_at) })),
  };
}

/**
 * Replaces readClock: without open dialogs it only adds a probe of an empty index. Leaves out the
 * dialog of `console_id`. `jobs`: dialogs on these jobs; null: on any.
 */
export async function readOpenDialogs(
  query: Query,
  tenant: string,
  { console_id = null, jobs = null }: { console_id?: string | null; jobs?: string[] | null },
): Promise<OpenDialogs> {
  return openDialogsOf(
    await query<Row>(
      'select clock_timestamp() as now, servo_dialogs_v1($1, $2::uuid, $3::uuid[]) as dialogs',
      [tenant, console_id, jobs],
    ),
  );
}

export type OwnDialog = Pick<Dialog, 'actor' | 'host' | 'action' | 'job_ids'> & {
  console_id: string;
};

const until = `clock_timestamp() + $3 * interval '1 millisecond'`;

export async function openDialog(
  query: Query,
  tenant: string,
  { console_id, actor, host, action, job_ids }: OwnDialog,
  lease_ms: number,
): Promise<OpenDialogs> {
  return openDialogsOf(
    await query<Row>(
      `with own as (
         insert into backfill_dialogs (tenant_id, console_id, expires_at, actor, host, action, job_ids)
           values ($1, $2, ${until}, $4, $5, $6, $7)
           on conflict (tenant_id, console_id) do update set expires_at = excluded.expires_at, opened_at = excluded.opened_at,
             actor = excluded.actor, host = excluded.host, action = excluded.action, job_ids = excluded.job_ids),
       expired as (
         delete from backfill_dialogs where tenant_id = $1 and console_id = any (array(
           select console_id from backfill_dialogs
           where tenant_id = $1 and console_id <> $2 and expires_at < clock_timestamp() for update skip locked)))
       select clock_timestamp() as now, servo_dialogs_v1($1, $2, $7) as dialogs`,
      [tenant, console_id, lease_ms, actor, host, action, job_ids],
    ),
  );
}

/** Extends the lease, without sending the jobs again. Null if the row is gone. */
export async function renewDialog(
  query: Query,
  tenant: string,
  console_id: string,
  lease_ms: number,
): Promise<OpenDialogs | null> {
  const rows = await query<Row>(
    `with own as (
       update backfill_dialogs set expires_at = ${until} where tenant_id = $1 and console_id = $2 returning job_ids)
     select clock_timestamp() as now, servo_dialogs_v1($1, $2, job_ids) as dialogs from own`,
    [tenant, console_id, lease_ms],
  );
  return rows.length === 0 ? null : openDialogsOf(rows);
}

export async function closeDialog(query: Query, tenant: string, console_id: string): Promise<void> {
  await query('delete from backfill_dialogs where tenant_id = $1 and console_id = $2', [
    tenant,
    console_id,
  ]);
}
