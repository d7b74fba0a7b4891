-- What an executor keeps on the base rows. Nullable or defaulted, so that an external writer that
-- names only base columns goes on working, and no table is rewritten.
alter table backfill_jobs
  -- One token for each open lease queue: never more than max_parallel, changed under the row's
  -- lock.
  add column if not exists lease_tokens uuid[] not null default '{}',
  -- Leases taken before this moment are revoked: an operator set heartbeat_at back.
  add column if not exists leases_revoked_at timestamptz,
  add column if not exists claimed_by text,
  -- The version that our own last claim left. Another one on a running job: an external writer runs
  -- it.
  add column if not exists claimed_version integer,
  -- Its partitions do not follow its state yet: unfinished ones of a job that has ended are still
  -- to be skipped, those skipped with a job that was revived by hand are still to become pending.
  add column if not exists needs_finalizing boolean not null default false,
  -- The last attempts failed permanently, all with errors of one kind: {"fingerprint", "failures",
  -- "message"}. Null after a completion. While it is set, one partition runs at a time.
  add column if not exists failing jsonb,
  -- All partition rows have been there: one that is missing since was deleted by a person, and is
  -- not made again.
  add column if not exists partitions_made boolean not null default false,
  -- Of a running job that has fewer rows than it counts: the rows at the last look, and since when
  -- so many.
  add column if not exists rows_seen integer,
  add column if not exists rows_seen_at timestamptz;

alter table backfill_partitions
  add column if not exists lease_owner text,
  add column if not exists lease_token uuid,
  add column if not exists lease_expires_at timestamptz,
  -- null = never claimed; a time = retried, released or rescued, due then; infinity = failed
  -- for good, or skipped because its job ended (a partition that a person has skipped has no
  -- infinity).
  add column if not exists available_at timestamptz,
  -- Failures and time-outs of the handler; compared with max_attempts.
  add column if not exists failure_count integer not null default 0,
  -- Leases that were lost; three make the partition poison.
  add column if not exists crash_count integer not null default 0,
  -- The row of a cancelled job whose attempt still ran when this one was made in its place: what
  -- completes there is not run again.
  add column if not exists follows_id uuid;

-- Measured: a job row stays HOT when its wide values live in TOAST. It is rewritten by every batch,
-- so it is vacuumed by number of rows, not by share.
alter table backfill_jobs set (toast_tuple_target = 256, fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table backfill_partitions set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
