import type { Diagnosis } from '../../domain/triage/diagnosis.ts';
import type { Database, Query } from '../database.ts';
import type { FunctionsRecord } from '../schema-version.ts';
import { newerSettings, operatorSettings, ownSettings } from '../session-settings.ts';
import { alive } from './alive-executors.ts';

type ServerFacts = Pick<
  Diagnosis,
  | 'server_version'
  | 'in_recovery'
  | 'role'
  | 'superuser'
  | 'bypass_rls'
  | 'tables'
  | 'sees_sessions'
  | 'encoding'
  | 'settings'
> & { now: Date; has_schema: boolean; has_executors: boolean };

/** Only affect how values look, and differ on most servers. */
const cosmetic = ['timezone', 'extra_float_digits', 'xmlbinary', 'escape_string_warning'];

/** `own`: our sessions set it themselves; other writers depend on the default. */
const checkedSettings = [
  ...Object.entries({ ...ownSettings, ...newerSettings })
    .filter(([name]) => !cosmetic.includes(name))
    .map(([name, wanted]) => ({ name, wanted, own: true })),
  ...Object.entries(operatorSettings).map(([name, wanted]) => ({ name, wanted, own: false })),
];

/** Facts about the server, the role and the base tables, which may be missing. */
export async function readServer(database: Database): Promise<ServerFacts> {
  const [row] = await database.call<ServerFacts>(
    `select clock_timestamp() as now, current_setting('server_version') as server_version, pg_is_in_recovery() as in_recovery,
       current_user::text as role, r.rolsuper as superuser, r.rolbypassrls as bypass_rls,
       r.rolsuper or pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_sessions,
       current_setting('server_encoding') as encoding,
       coalesce((select jsonb_agg(jsonb_build_object('name', s.name, 'value', s.reset_val, 'wanted', w.wanted, 'own', w.own) order by s.name)
         from unnest($1::text[], $2::text[], $3::boolean[]) w (name, wanted, own) join pg_settings s on lower(s.name) = w.name
         where case when w.name = 'datestyle' then s.reset_val not like 'ISO,%' else s.reset_val <> w.wanted end), '[]') as settings,
       to_regclass('servo_schema') is not null and to_regclass('servo_migrations') is not null as has_schema,
       to_regclass('backfill_executors') is not null as has_executors,
       coalesce((select jsonb_agg(jsonb_build_object('name', c.relname, 'enabled', c.relrowsecurity, 'forced', c.relforcerowsecurity,
           'policies', (select count(*) from pg_policy p where p.polrelid = c.oid)) order by c.relname)
         from unnest(array['asset_dependencies', 'assets', 'backfill_jobs', 'backfill_partitions']) t (name) join pg_class c on c.oid = to_regclass(t.name)), '[]') as tables
     from pg_roles r where r.rolname = current_user`,
    [
      checkedSettings.map(({ name }) => name),
      checkedSettings.map(({ wanted }) => wanted),
      checkedSettings.map(({ own }) => own),
    ],
  );
  return row!;
}

export async function readSchema(
  database: Database,
): Promise<{ lowest_program: string | null; applied: string[] } & FunctionsRecord> {
  const [row] = await database.call<
    { lowest_program: string | null; applied: string[] | null } & FunctionsRecord
  >(
    `select s.lowest_program, s.functions_hash, s.functions_program,
       (select array_agg(name::text order by name) from servo_migrations) as applied
     from (select) one left join servo_schema s on true`,
  );
  return { ...row!, applied: row!.applied ?? [] };
}

/** Snapshots of this database held for over `seconds`, in sessions that the role may see. */
export function readOldSnapshots(
  database: Database,
  seconds: number,
): Promise<Diagnosis['old_snapshots']> {
  return database.call(
    `select pid, usename::text as user, application_name as application, state,
       extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_xmin is not null
       and xact_start < clock_timestamp() - $1 * interval '1 second' and backend_type = 'client backend'
     order by xact_start limit 10`,
    [seconds],
  );
}

export async function countExecutors(
  query: Query,
  tenant: string,
): Promise<NonNullable<Diagnosis['executors']>> {
  const [row] = await query<NonNullable<Diagnosis['executors']>>(
    `select count(*)::int as alive, count(*) filter (where hold_reason is not null)::int as on_hold,
       count(*) filter (where draining_at is not null)::int as draining,
       coalesce(array_agg(distinct version order by version), '{}') as versions
     from backfill_executors where ${alive}`,
    [tenant],
  );
  return row!;
}

export function readBlockers(
  query: Query,
  tenant: string,
): Promise<NonNullable<Diagnosis['claim_blockers']>> {
  return query(
    `select pid, login, application, state, extract(epoch from clock_timestamp() - since)::float8 as seconds
     from servo_claim_blockers_v1($1, null)`,
    [tenant],
  );
}

/** Policies and grants of the schema's tables and functions. Other tables are left out. */
export async function readProtection(database: Database): Promise<Diagnosis['protection']> {
  const tables = await database.call<Diagnosis['protection']['tables'][number]>(
    `select c.relname::text as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
       c.relname in ('assets', 'asset_dependencies', 'backfill_jobs', 'backfill_partitions') as shared,
       (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
       (select count(*)::int from pg_policy p where p.polrelid = c.oid and p.polpermissive) as permissive,
       array(select distinct case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end from aclexplode(c.relacl) g
         where g.grantee <> c.relowner and g.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') order by 1) as writers
     from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass('backfill_jobs'))
       and (c.relname in ('assets', 'asset_dependencies', 'backfill_jobs', 'backfill_partitions', 'backfill_events', 'backfill_executors', 'backfill_samples',
         'backfill_attempt_logs', 'backfill_leaders', 'backfill_limits', 'backfill_locks', 'backfill_upstreams', 'backfill_dialogs',
         'backfill_forecasts', 'backfill_forecast_rounds') or starts_with(c.relname, 'servo_'))
     order by 1`,
  );
  const functions = await database.call<Diagnosis['protection']['functions'][number]>(
    `select p.proname::text as name, p.prosecdef as definer, coalesce(p.proconfig::text ~ 'search_path=', false) as pinned,
       exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee = 0) as public,
       array(select distinct pg_get_userbyid(g.grantee)::text from aclexplode(p.proacl) g where g.grantee not in (0, p.proowner) order by 1) as callers
     from pg_proc p where starts_with(p.proname, 'servo_') and p.pronamespace = (select relnamespace from pg_class where oid = to_regclass('backfill_jobs'))
     order by 1`,
  );
  return { tables, functions };
}

export async function hasJobs(query: Query, tenant: string): Promise<boolean> {
  const rows = await query('select from backfill_jobs where tenant_id = $1 limit 1', [tenant]);
  return rows.length > 0;
}
