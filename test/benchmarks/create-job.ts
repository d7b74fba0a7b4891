import { type BenchDatabase, withClient } from './server.ts';

/** A pending job with its partitions, analysed, without going through servo-tui. */
export function createJob(
  database: BenchDatabase,
  asset: string,
  partitions: number,
  parallel: number,
): Promise<string> {
  return withClient(database.superuser, async (client) => {
    await client.query(
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), $1, 'bench', 'bench') on conflict do nothing`,
      [asset],
    );
    // Whole before anybody sees it.
    await client.query('begin');
    const { rows } = await client.query(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, execution_strategy)
       select 'bench', id, name, gen_random_uuid()::text, $2, $3 from assets where name = $1 returning id`,
      [asset, partitions, JSON.stringify({ type: 'parallel', max_parallel: parallel })],
    );
    const job: string = rows[0].id;
    await client.query(
      `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
       select gen_random_uuid(), $1, 'bench', lpad(i::text, 9, '0') from generate_series(1, $2) i`,
      [job, partitions],
    );
    await client.query('commit');
    await client.query('vacuum analyze backfill_partitions');
    return job;
  });
}
