-- The limits of a tenant that allow no further running job. Exact only if the caller holds the
-- tenant's claim lock. The tenant must be set.
create or replace function servo_limits_reached_v1(p_tenant text)
  returns table (scope text, name text, max_running integer, running bigint) language sql stable as $$
  select l.scope, l.name, l.max_running, r.running
  from backfill_limits l, lateral (
    select count(*) as running from backfill_jobs j join assets a on a.id = j.asset_id
    where j.tenant_id = p_tenant and j.state = 'running'
      and case l.scope when 'asset' then j.asset_name = l.name when 'asset_type' then a.asset_type = l.name else true end) r
  where l.tenant_id = p_tenant and r.running >= l.max_running
$$;
