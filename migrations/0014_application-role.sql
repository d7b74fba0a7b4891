-- The role that every program of ours works as. Roles belong to the cluster: another database of it
-- may be migrating at this moment, and a role that is not allowed to create roles must still be able to migrate.
do $$ begin
  create role servo_app login nosuperuser nobypassrls nocreatedb nocreaterole;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise warning 'role servo_app does not exist and % may not create it: create it, then run migrate again', current_user;
end $$;

do $$ begin
  if to_regrole('servo_app') is not null then
    execute format('grant usage on schema %I to servo_app', current_schema());
    grant select, insert, update, delete on assets, asset_dependencies, backfill_jobs, backfill_partitions,
      backfill_executors, backfill_samples, backfill_attempt_logs to servo_app;
    grant select, insert on backfill_events to servo_app;
    grant select on servo_schema, servo_migrations to servo_app;
  end if;
end $$;
