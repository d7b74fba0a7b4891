-- Elects the leader of a duty of the tenant: takes or renews the lease of p_ms milliseconds unless
-- another holder has it, and returns whether p_holder has it. p_ms = 0 releases it; at most ten
-- minutes. Runs with its owner's rights, so that only this function writes the table. The tenant
-- must be the session's.
create or replace function servo_elect_v1(p_tenant text, p_duty text, p_holder text, p_ms bigint) returns boolean language plpgsql security definer
  set lock_timeout = '2s' as $$
begin
  perform servo_require_tenant(p_tenant);
  if p_ms is null or p_ms not between 0 and 600000 then
    raise exception using errcode = 'invalid_parameter_value', message = 'a lease lasts for ten minutes at most';
  end if;
  insert into backfill_leaders as l (tenant_id, duty, holder, expires_at)
    select p_tenant, p_duty, p_holder, clock_timestamp() + p_ms * interval '1 millisecond'
    where not exists (select from backfill_leaders o
      where o.tenant_id = p_tenant and o.duty = p_duty and o.holder <> p_holder and o.expires_at >= clock_timestamp())
    on conflict (tenant_id, duty) do update set holder = excluded.holder, expires_at = excluded.expires_at
      where l.holder = excluded.holder or l.expires_at < clock_timestamp();
  return found;
end $$;
revoke all on function servo_elect_v1(text, text, text, bigint) from public;
