import { createServer } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Query } from '../../source/database/database.ts';
import { readExecutors } from '../../source/database/queries/read-executors.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import type { Log } from '../../source/observability/log.ts';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

const sql = (text: string): Handler => ({ asset: 'orders', kind: 'sql', sql: text });

const raises = (code: string) =>
  sql(`do $$ begin raise exception using errcode = '${code}', message = 'no way'; end $$`);

/** The lines of an executor's log. */
function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return {
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    lines,
  };
}

describe('A2: whose error it is', () => {
  /** By handler: the counts with which the partition ends, and how its message begins. */
  const counted: [string, Handler, Record<string, unknown>][] = [
    ['25006', raises('25006'), { failure_count: 3, crash_count: 0 }],
    [
      'a read-only transaction',
      sql('set transaction read only; create table x ()'),
      { failure_count: 3 },
    ],
    ['3D000', raises('3D000'), { failure_count: 3, crash_count: 0 }],
    ['28P01', raises('28P01'), { failure_count: 3, crash_count: 0 }],
    ['XX000', raises('XX000'), { failure_count: 3, crash_count: 0 }],
    [
      'a backend that ends itself',
      sql('select pg_terminate_backend(pg_backend_pid())'),
      { failure_count: 0, crash_count: 3 },
    ],
  ];
  for (const [name, handler, counts] of counted) {
    it(`${name} is counted, and ends`, async () => {
      const { log, lines } = keptLog();
      const job = await backfills.job({ keys: keys(1) });
      await backfills.execute([handler], { speed: 200, pause_at: null, log });
      await backfills.state(job, 'failed');
      const [partition] = await backfills.partitions(job);
      expect(partition).toMatchObject({ state: 'failed', attempt_count: 3, ...counts });
      expect(await backfills.attemptsJournal(job)).toHaveLength(3);
      expect(lines.filter((line) => /partition (failed|lost)/.test(line))).toHaveLength(3);
    });
  }

  it('an unavailable endpoint costs no attempt and few log lines: its job rests, and shows since when', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const port = await waitFor('a port', () => (server.address() as { port: number } | null)?.port);
    await new Promise((resolve) => server.close(resolve));
    await backfills.rows(
      `create extension dblink; grant execute on all functions in schema public to servo_app`,
    );
    const { log, lines } = keptLog();
    const job = await backfills.job({
      keys: keys(50),
      strategy: { type: 'parallel', max_parallel: 4, max_attempts: 2 },
    });
    // A sequence goes on where a transaction is rolled back.
    await backfills.rows('create sequence tries; grant all on sequence tries to servo_app');
    const executor = await backfills.execute(
      [
        sql(
          `select nextval('tries'); select dblink_connect('dbname=postgres host=127.0.0.1 port=${port} user=x password=y')`,
        ),
      ],
      { speed: 10, log },
    );
    const trouble = await waitFor('it to be on record', async () => {
      const { outages } = await backfills.row<{ outages: Record<string, string>[] }>(
        'select outages from backfill_executors where id = $1',
        [executor.id],
      );
      return outages[0];
    });
    expect(trouble).toMatchObject({ asset: 'orders', kind: 'endpoint' });
    await waitFor(
      'some probes',
      async () =>
        (await backfills.row<{ n: number }>('select last_value::int as n from tries')).n >= 8,
    );
    const partitions = await backfills.partitions(job);
    const counts = new Set(
      partitions.map((row) => `${row.state} ${row.failure_count} ${row.crash_count}`),
    );
    expect([...counts].filter((one) => !one.startsWith('running'))).toEqual(['pending 0 0']);
    expect(await backfills.attemptsJournal(job)).toEqual(['unavailable null']);
    expect(lines.filter((line) => /unavailable/.test(line))).toHaveLength(1);
    const shown = async () => {
      const query = async <Row>(text: string, values: readonly unknown[] = []) =>
        (await backfills.rows(text, [...values])) as Row[];
      const [one] = await readExecutors(query as Query, tenant);
      return one!;
    };
    expect((await shown()).outages).toMatchObject([{ asset: 'orders' }]);
    await executor.drain();
    // Whether they are over is unknown.
    expect(await shown()).toMatchObject({ stopped_at: expect.any(Date), outages: [] });
  });

  /** Ends the sessions of executors for which this holds, once the handler runs. */
  async function cut(where: string): Promise<Record<string, unknown>> {
    const job = await backfills.job({ keys: keys(1) });
    await backfills.execute(
      [sql(`select pg_sleep(case current_setting('servo.attempt') when '1' then 600 else 0 end)`)],
      {
        speed: 50,
        // Long enough to look at what the first attempt left.
        timings: {
          back_off: { base_ms: 2_000, cap_ms: 2_000 },
          outage_back_off: { base_ms: 500, cap_ms: 500 },
        },
      },
    );
    await waitFor('the handler to run', async () => {
      const rows = await backfills.rows(
        `select from pg_locks where locktype = 'advisory' and objsubid = 1 and mode = 'ShareLock' and database = (select oid from pg_database where datname = current_database())`,
      );
      return rows.length > 0;
    });
    await backfills.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'servo-tui executor%' and datname = current_database() and ${where}`,
    );
    const lost = await waitFor('the attempt to be released', async () => {
      const [row] = await backfills.partitions(job);
      return row!.state === ('pending' as never) && row!.available_at !== null ? row : null;
    });
    return lost;
  }

  it('the loss of one connection counts as a crash, the loss of all does not', async () => {
    expect(await cut(`query like '%servo_run_sql%' and state = 'active'`)).toMatchObject({
      crash_count: 1,
      failure_count: 0,
    });
    await backfills.close();
    backfills = await Backfills.open();
    expect(await cut('true')).toMatchObject({ crash_count: 0, failure_count: 0 });
  });
});
