import { afterEach, beforeEach, expect, it } from 'vitest';
import { Database, openDatabase } from '../../source/database/database.ts';
import { Claimer } from '../../source/executor/claimer.ts';
import { LossReporter } from '../../source/executor/loss-reporter.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { Throttle } from '../../source/executor/throttle.ts';
import { Outages } from '../../source/executor/outages.ts';
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

it('asked without a pause while claiming was held and a job rested', async () => {
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
    pools: { steps: database, handlers: database },
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
      back_off: timings.rest,
      log: silentLog,
      journal: async () => {},
      changed: () => {},
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
  await claimer.drain();
  await Promise.all([threads.close(), database.close()]);
});

it('kept its reason to be held on record when it could not be written at once', async () => {
  const database = openDatabase(backfills.database.app);
  const told: (string | null)[] = [];
  const throttle = new Throttle({
    database,
    timings: { ...scaleTimings(50), poll: 10 },
    log: silentLog,
    owner: 'throttled',
    health: { replication_lag_seconds: null, lock_wait_seconds: null, connections: 0 },
    host: () => null,
    failures: null,
    jobs: () => [],
    held: async (reason) => {
      told.push(reason);
      if (told.length === 1) throw new Error('the database does not answer');
    },
  });
  throttle.start();
  await waitFor('it to be told again', async () => told.length > 1);
  expect(told[1]).toMatch(/% of the connections are in use/);
  await throttle.stop();
  await database.close();
});
