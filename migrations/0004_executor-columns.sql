-- Our columns on the base tables. All are nullable or have a constant default: external writers
-- that name only base columns continue to work, and no table is rewritten.
alter table backfill_jobs
  -- One token for each open lease queue: at most max_parallel, changed only under the row's lock.
  add column if not exists lease_tokens uuid[] not null default '{}',
  -- Leases taken before this time are revoked: an operator set heartbeat_at back.
  add column if not exists leases_revoked_at timestamptz,
  add column if not exists claimed_by text,
  -- The version after our last claim. A running job with another version belongs to an external
  -- writer.
  add column if not exists claimed_version integer,
  -- servo_finalize_v1 has work: to skip the unfinished partitions of an ended job, or to return
  -- skipped partitions of a revived job to pending.
  add column if not exists needs_finalizing boolean not null default false,
  -- The last attempts failed permanently, all with errors of one kind: {"fingerprint", "failures",
  -- "message"}. Null after a completion. While it is set, one partition runs at a time.
  add column if not exists failing jsonb,
  -- All partition rows existed once: a row that is missing now was deleted by a person and is not
  -- created again.
  add column if not exists partitions_made boolean not null default false,
  -- Of a running job with fewer rows than total_partitions: their number when it was last counted,
  -- and since when it has been the same.
  add column if not exists rows_seen integer,
  add column if not exists rows_seen_at timestamptz,
  -- For forecasts, over the last 200 attempts that ran: their number, how long one kept its slot
  -- (mean, and mean square for the spread), and the share that failed and was tried again. The
  -- contract's avg_partition_duration_ms follows the last few attempts only.
  add column if not exists timed_attempts integer,
  add column if not exists slot_ms double precision,
  add column if not exists slot_ms_square double precision,
  add column if not exists retried_share double precision;

alter table backfill_partitions
  add column if not exists lease_owner text,
  add column if not exists lease_token uuid,
  add column if not exists lease_expires_at timestamptz,
  -- null: never claimed; a time: retried, released or rescued, due at that time; infinity: failed
  -- permanently, or skipped because its job ended (not if a person skipped it).
  add column if not exists available_at timestamptz,
  -- Failures and timeouts of the handler; compared with max_attempts.
  add column if not exists failure_count integer not null default 0,
  -- Lost leases; three make the partition poison.
  add column if not exists crash_count integer not null default 0,
  -- The partition of a cancelled job whose attempt was still running when this row was created to
  -- replace it. If that attempt completes, this partition is not run.
  add column if not exists follows_id uuid;

-- Measured: updates of a job row stay HOT if its wide values are in TOAST. Each batch updates the
-- row, so vacuum starts at a number of dead rows, not at a share.
alter table backfill_jobs set (toast_tuple_target = 256, fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table backfill_partitions set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
