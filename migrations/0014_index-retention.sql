-- no-transaction
-- Attempts' outputs by age, to purge old ones without reading the rest. Samples have no such index:
-- without statistics the planner took it in place of the primary key and read 40,006 rows for one
-- sample of a job.
create index concurrently backfill_attempt_logs_age on backfill_attempt_logs (at);
