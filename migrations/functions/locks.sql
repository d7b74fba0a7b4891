-- Takes a lock of a tenant, `claim` or `start <asset>`, until the transaction ends. Waits for the
-- caller's lock_timeout. It is a row lock: only a role that may update the tenant's rows can take
-- it.
create or replace function servo_lock_v1(p_tenant text, p_name text) returns void language plpgsql as $$
begin
  loop
    perform from backfill_locks where tenant_id = p_tenant and name = p_name for no key update;
    exit when found;
    insert into backfill_locks (tenant_id, name) values (p_tenant, p_name) on conflict do nothing;
  end loop;
end $$;

-- Backends that hold the advisory lock with this 64-bit key in this database.
create or replace function servo_lock_backends(key bigint) returns setof integer language sql stable as $$
  select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32 | objid::bigint) = key
$$;

-- Up to five sessions that block claims of the tenant: they lock its `claim` row, the row of p_job
-- (null: no job), or a table that a claim writes. `since` and `state` are null for sessions that
-- the role may not see. Sessions of less than a second are left out, because every claim holds
-- these locks for a moment. A role without rights on the locks sees none. The tenant must be set.
create or replace function servo_claim_blockers_v1(p_tenant text, p_job uuid)
  returns table (pid integer, login name, application text, state text, since timestamptz) language plpgsql stable as $$
#variable_conflict use_column
begin
  if not has_table_privilege('backfill_locks', 'select') then
    return;
  end if;
  return query select a.pid, a.usename, a.application_name, a.state, a.xact_start from (
    select l.pid from pg_locks l join (
        select b.xmax from backfill_locks b where b.tenant_id = p_tenant and b.name = 'claim'
        union all select j.xmax from backfill_jobs j where j.id = p_job and j.tenant_id = p_tenant) x
      on l.locktype = 'transactionid' and l.granted and l.transactionid = x.xmax
    union
    select l.pid from pg_locks l where l.locktype = 'relation' and l.granted
      and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and l.database = (select oid from pg_database where datname = current_database())
      and l.relation in (to_regclass('backfill_jobs'), to_regclass('backfill_partitions'), to_regclass('backfill_locks'))) h
    join pg_stat_activity a on a.pid = h.pid
  where a.pid <> pg_backend_pid() and (a.xact_start is null or a.xact_start < clock_timestamp() - interval '1 second')
  order by a.xact_start nulls last, a.pid limit 5;
end $$;
