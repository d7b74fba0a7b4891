-- no-transaction
-- Attempts' outputs by age: for taking away what is past its time without reading
-- the rest. Samples have no such index: without statistics it looked as good as the primary key for
-- reading one job's (40,006 rows for one sample).
create index concurrently backfill_attempt_logs_age on backfill_attempt_logs (at);
