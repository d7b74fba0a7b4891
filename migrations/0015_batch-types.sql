-- The types of the message of functions/report-and-claim.sql. A new version of the message gets new
-- types and a new function, so that old and new executors run side by side.

-- How one attempt ended. `fingerprint`: the part of a permanent failure's message that is common
-- to all failures of its kind (source/domain/partition/failure-fingerprint.ts). `slot_ms`: how long
-- it kept its slot, with what passed since the slot's attempt before; null: since its claim.
create type servo_report_v1 as (
  id uuid, attempt integer, token uuid, outcome text, duration_ms bigint, delay_ms bigint, message text, fingerprint text, slot_ms bigint
);

-- A lease queue to open: its token, chosen by the caller, and the token that it replaces, or null.
create type servo_opening_v1 as (token uuid, replaces uuid);

-- One claim of one partition under its lease token. `failures`: the failure_count before it.
create type servo_attempt_v1 as (id uuid, partition_key text, attempt integer, failures integer, token uuid);

-- The asset's rules for attempts, used if the job sets none, and the constants of
-- source/domain/policy.ts. pause_at: see report-and-claim.sql; null: never.
create type servo_policy_v1 as (
  max_attempts integer, timeout_ms integer, pause_at integer, max_crashes integer,
  heartbeat_write_ms integer, stale_ms integer, incomplete_poll_ms integer
);

-- The job after the batch, the positions (from 1) of the accepted reports, and the claimed
-- attempts.
create type servo_reply_v1 as (
  job_state text, job_version integer, leases integer, max_parallel integer, timeout_ms integer, average_ms bigint,
  accepted integer[], claimed servo_attempt_v1[], due_in_ms bigint
);
