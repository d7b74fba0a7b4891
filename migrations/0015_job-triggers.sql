-- What other writers forget, on the same row only: a trigger that touched another table would break
-- the runbooks' emergency SQL under row-level security. None of these ever raises.

-- Any heartbeat set more than 60 s into the past is an order to reclaim (runbook: "Force reclaim",
-- "Bulk Recovery"): leases taken until now are void.
create or replace function servo_void_leases() returns trigger language plpgsql as $$
begin
  new.leases_void_at := clock_timestamp();
  return new;
end $$;
create trigger servo_void_leases before update of heartbeat_at on backfill_jobs for each row
  when (new.heartbeat_at is distinct from old.heartbeat_at and new.heartbeat_at < clock_timestamp() - interval '60 seconds')
  execute function servo_void_leases();

create or replace function servo_guard_state() returns trigger language plpgsql as $$
begin
  if new.version is not distinct from old.version then
    new.version := old.version + 1;
  end if;
  if new.state = 'cancelled' or (new.state = 'failed' and old.state <> 'running') then
    new.unsettled := true;
  end if;
  return new;
end $$;
create trigger servo_guard_state before update of state on backfill_jobs for each row
  when (old.state is distinct from new.state) execute function servo_guard_state();
