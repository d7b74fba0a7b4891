-- What executors send and are answered: see functions/report-and-claim.sql. A new version of a
-- message gets new types, as it gets a new function, so that old and new executors run side by
-- side.

-- How one attempt ended. `fingerprint`: the part of a permanent failure's message that is common
-- to all failures of its kind (source/domain/partition/failure-fingerprint.ts).
create type servo_report_v1 as (
  id uuid, attempt integer, token uuid, outcome text, duration_ms bigint, delay_ms bigint, message text, fingerprint text
);

-- One more lease queue: its token, chosen by the caller, and the token that it follows, or null.
create type servo_opening_v1 as (token uuid, replaces uuid);

-- One claim of one partition, under its lease token; `failures` before it.
create type servo_attempt_v1 as (id uuid, partition_key text, attempt integer, failures integer, token uuid);

-- The rules by which attempts are tried again: the asset's, for a job that does not say, and those
-- of source/domain/policy.ts. pause_at may be null: never.
create type servo_policy_v1 as (
  max_attempts integer, timeout_ms integer, pause_at integer, max_crashes integer,
  heartbeat_write_ms integer, stale_ms integer, incomplete_poll_ms integer
);

-- The job as the batch has left it; which reports count, by position from 1; what was claimed.
create type servo_reply_v1 as (
  job_state text, job_version integer, leases integer, max_parallel integer, timeout_ms integer, average_ms bigint,
  accepted integer[], claimed servo_attempt_v1[], due_in_ms bigint
);
