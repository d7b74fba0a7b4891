import { openDatabase } from '../../source/database/database.ts';
import { readFigures } from '../../source/database/queries/read-figures.ts';
import { activeStates, figuresOf } from '../../source/domain/executor/figures.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { tenantMetrics } from '../../source/observability/tenant-metrics.ts';
import { type Block, inTurn, median } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const tenant = 'scraped';
const scrapes = 20;

/** In each thousand jobs 5 run, 3 are paused, 20 wait, and the others have ended; half of them have a deadline. */
function fill(from: number, to: number): string {
  return `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions,
      avg_partition_duration_ms, created_at, started_at, heartbeat_at, completed_at, sla_deadline_at)
    select '${tenant}', a.id, a.name, i::text, s.state, 100, 50, 1000, now() - i * interval '1 minute', now() - interval '1 hour', now(),
      case when s.state = 'completed' then now() - i * interval '1 minute' end,
      case when i % 2 = 0 then now() + (i % 100 - 10) * interval '1 minute' end
    from generate_series(${from}, ${to}) i, assets a, lateral (
      select case when i % 1000 < 5 then 'running' when i % 1000 < 8 then 'paused' when i % 1000 < 28 then 'pending' else 'completed' end) s (state)
    where a.tenant_id = '${tenant}'`;
}

/** What a scrape of whole tenants costs: reading, computing and writing it. Beside a plain count by state, at 1,000 and at 100,000 jobs. */
export async function scraping(database: BenchDatabase, rounds: number): Promise<Block> {
  const db = openDatabase(database.app, { connections: 1 });
  const scrape = async () => {
    const reading = await db.read(tenant, (query) => readFigures(query, tenant, activeStates, 0));
    await tenantMetrics(figuresOf([reading], thresholdDefaults));
  };
  const count = () =>
    db.read(tenant, (query) =>
      query(`select state, count(*) from backfill_jobs where tenant_id = $1 group by state`, [
        tenant,
      ]),
    );
  const timed = async (work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < scrapes; i++) {
      const started = performance.now();
      await work();
      times.push(performance.now() - started);
    }
    return median(times);
  };
  const measured = async (from: number, to: number) => {
    await withClient(database.superuser, async (client) => {
      await client.query('alter table backfill_jobs disable trigger user');
      await client.query(fill(from, to));
      await client.query('alter table backfill_jobs enable trigger user');
      await client.query('vacuum analyze backfill_jobs');
    });
    return inTurn(rounds, { scrape: () => timed(scrape), count: () => timed(count) });
  };
  try {
    await withClient(database.superuser, (client) =>
      client.query(
        `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', '${tenant}')`,
      ),
    );
    const few = await measured(1, 1_000);
    const many = await measured(1_001, 100_000);
    const row = (name: string, figures: readonly number[]) => ({ name, figures, unit: 'ms' });
    return {
      name: 'a scrape of whole tenants',
      rows: [
        row('at 1,000 jobs, 28 of them unfinished', few.scrape!),
        row('at 100,000 jobs, 2,800 of them unfinished', many.scrape!),
        row('a plain count by state, at 1,000 jobs', few.count!),
        row('a plain count by state, at 100,000 jobs', many.count!),
      ],
      budgets: [
        {
          name: 'a scrape at 100,000 jobs against a plain count by state',
          figure: median(many.scrape!) / median(many.count!),
          at: 'most',
          limit: 1,
        },
      ],
    };
  } finally {
    await db.close();
    await withClient(database.superuser, (client) =>
      client.query(`delete from assets where tenant_id = '${tenant}'`),
    );
  }
}
