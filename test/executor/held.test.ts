import { afterEach, beforeEach, expect, it } from 'vitest';
import { Database } from '../../source/database/database.ts';
import { LossReporter } from '../../source/executor/attempts/loss-reporter.ts';
import { Throttle } from '../../source/executor/duties/throttle.ts';
import { Claimer } from '../../source/executor/jobs/claimer.ts';
import { Outages } from '../../source/executor/jobs/outages.ts';
import { Runners } from '../../source/executor/jobs/runners.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { ModuleThreads } from '../../source/handlers/module-threads.ts';
import { silentLog } from '../../source/observability/log.ts';
import { noMeter } from '../../source/observability/meter.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

class CountingDatabase extends Database {
  reads = 0;

  override read: Database['read'] = (...given) => {
    this.reads += 1;
    return super.read(...given);
  };
}

it('polled without a pause during a hold with a resting job', async () => {
  const timings = { ...scaleTimings(50), poll: 100 };
  const database = new CountingDatabase(backfills.database.app);
  const threads = new ModuleThreads({ slots: 1, warn: () => {} });
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let rested = 0;
  const handlers = [
    functionHandler('rests', () => {
      rested += 1;
      return { kind: 'snoozed', message: 'later', delay_ms: 50 };
    }),
    functionHandler('works', async () => {
      await gate;
      return undefined;
    }),
  ];
  const catalogue = new Map(handlers.map((handler) => [handler.asset, handler]));
  const noSession = { serverStart: null, lastLoss: null, confirm: async () => {} };
  let mayStart = true;
  const claimer = new Claimer({
    owner: 'claimer',
    pools: { batches: database, handlers: database },
    runners: new Runners(),
    threads,
    database,
    tenants: [tenant],
    catalogue,
    slots: 2,
    timings,
    log: silentLog,
    meter: noMeter,
    losses: new LossReporter(database, noSession),
    outages: new Outages({
      catalogue,
      back_off: timings.outage_back_off,
      log: silentLog,
      journal: async () => {},
      onChange: () => {},
    }),
    pause_at: null,
    mayStart: () => mayStart,
  });
  await backfills.job({ asset: 'works', keys: keys(1) });
  await backfills.job({ asset: 'rests', keys: keys(1) });
  claimer.start();
  await waitFor('the one to have rested, and the other to work', async () => {
    const [{ running }] = (await backfills.rows<{ running: number }>(
      `select count(*)::int as running from backfill_partitions where state = 'running'`,
    )) as [{ running: number }];
    return rested > 1 && running === 1;
  });
  mayStart = false;
  const [reads, since] = [database.reads, performance.now()];
  await waitFor('a few rounds', async () => database.reads - reads > 8);
  // Three quarters of the poll is the shortest pause between two rounds; a step under way may wake it some more times.
  expect(performance.now() - since).toBeGreaterThan(4 * 0.75 * timings.poll);
  open();
  await claimer.stop();
  await Promise.all([threads.close(), database.close()]);
});

it('kept the reason of its hold if it could not be written at once', async () => {
  let writes = 0;
  class FailingOnce extends Database {
    override write: Database['write'] = (...given) => {
      writes += 1;
      if (writes === 1) throw new Error('the database does not answer');
      return super.write(...given);
    };
  }
  const owner = 'throttled';
  await backfills.rows(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers)
     values ($1, $2, 'host', 1, '0', 1, '{}')`,
    [owner, tenant],
  );
  const database = new FailingOnce(backfills.database.app);
  const throttle = new Throttle({
    database,
    tenants: [tenant],
    timings: { ...scaleTimings(50), poll: 10 },
    log: silentLog,
    owner,
    health: { replication_lag_seconds: null, lock_wait_seconds: null, connections: 0 },
    hostReason: () => null,
    failures: null,
    jobs: () => [],
    onChange: () => {},
  });
  throttle.start();
  const recorded = () =>
    backfills.row<{ hold_reason: string | null }>('select hold_reason from backfill_executors');
  await waitFor('it to be recorded', async () => (await recorded()).hold_reason !== null);
  expect((await recorded()).hold_reason).toMatch(/% of the connections are in use/);
  expect(writes).toBeGreaterThan(1);
  await throttle.stop();
  await database.close();
});
