-- Takes or renews the lease on a duty for each of these tenants, where nobody else's runs, and returns the tenants that the holder has. With
-- p_ms = 0 it gives up what it has. Who does not get it writes nothing.
create or replace function servo_lead_v1(p_tenants text[], p_duty text, p_holder text, p_ms bigint) returns setof text language sql security definer as $$
  insert into backfill_leaders as l (tenant_id, duty, holder, expires_at)
    select t, p_duty, p_holder, clock_timestamp() + p_ms * interval '1 millisecond' from unnest(p_tenants) t
    where not exists (select from backfill_leaders o
      where o.tenant_id = t and o.duty = p_duty and o.holder <> p_holder and o.expires_at >= clock_timestamp())
    order by t
    on conflict (tenant_id, duty) do update set holder = excluded.holder, expires_at = excluded.expires_at
      where l.holder = excluded.holder or l.expires_at < clock_timestamp()
    returning l.tenant_id
$$;
