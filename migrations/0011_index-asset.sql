-- no-transaction
-- The jobs of an asset: overlap (its living ones), history by state, the foreign key.
create index concurrently if not exists backfill_jobs_asset
  on backfill_jobs (asset_id, state, created_at desc);
