import { openDatabase } from '../../source/database/database.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { type Block, inTurn, median } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const first = '1990-01-01T00';
const last = '2001-05-29T15';
const partitions = 100_000;

/** Creating a job of 100,000 hourly partitions, beside the bare INSERT … SELECT of its partitions. */
export async function creatingAJob(database: BenchDatabase, rounds: number): Promise<Block> {
  const figures = await inTurn(rounds, {
    ours: () => start(database),
    bare: () => bareInsert(database),
  });
  return {
    name: `creating a job of ${partitions.toLocaleString('en')} partitions`,
    rows: [
      { name: 'servo-tui', figures: figures.ours!, unit: 'ms' },
      { name: 'the bare INSERT … SELECT', figures: figures.bare!, unit: 'ms' },
    ],
    budgets: [
      {
        name: '÷ the bare INSERT',
        figure: median(figures.ours!) / median(figures.bare!),
        at: 'most',
        limit: 1.3,
      },
    ],
  };
}

async function start(database: BenchDatabase): Promise<number> {
  await withClient(database.superuser, (client) =>
    client.query(
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'created', 'bench', 'bench') on conflict do nothing`,
    ),
  );
  const db = openDatabase(database.app);
  try {
    const started = performance.now();
    const { job } = await startBackfill(
      db,
      { tenant: 'bench', actor: 'bench' },
      { asset: 'created', start: first, end: last, every: 'hour' },
    );
    const ms = performance.now() - started;
    if (job?.total_partitions !== partitions)
      throw new Error(`${job?.total_partitions} partitions, not ${partitions}`);
    return ms;
  } finally {
    await db.close();
    await clear(database);
  }
}

async function bareInsert(database: BenchDatabase): Promise<number> {
  return withClient(database.superuser, async (client) => {
    const { rows } = await client.query(
      `with asset as (insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'bare insert', 'bench', 'bench')
         on conflict (name, tenant_id) do update set asset_type = 'bench' returning id)
       insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions)
       select 'bench', id, 'bare insert', gen_random_uuid()::text, $1 from asset returning id`,
      [partitions],
    );
    const started = performance.now();
    const { rowCount } = await client.query(
      `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
       select gen_random_uuid(), $1, 'bench', to_char(t, 'YYYY-MM-DD"T"HH24') from generate_series($2::timestamp, $3::timestamp, '1 hour') t`,
      [rows[0].id, `${first}:00`, `${last}:00`],
    );
    const ms = performance.now() - started;
    if (rowCount !== partitions) throw new Error(`${rowCount} partitions, not ${partitions}`);
    await clear(database);
    return ms;
  });
}

/** Every round meets the same tables: empty, and vacuumed. */
function clear(database: BenchDatabase): Promise<unknown> {
  return withClient(database.superuser, async (client) => {
    await client.query('truncate backfill_jobs cascade');
    await client.query('vacuum analyze backfill_partitions');
  });
}
