-- no-transaction
-- The jobs of an asset: overlap, history, the foreign key.
create index concurrently if not exists backfill_jobs_asset
  on backfill_jobs (asset_id, created_at desc);
