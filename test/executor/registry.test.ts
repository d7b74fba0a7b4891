import { afterEach, beforeEach, expect, it } from 'vitest';
import { Registry } from '../../source/executor/duties/registry.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { noMeter } from '../../source/observability/meter.ts';
import { Backfills, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('kept its connection, and so the process alive, if it could not register', async () => {
  const application_name = 'cannot register';
  const registry = new Registry({
    settings: { ...backfills.database.app, application_name },
    // More slots than the column takes.
    registration: {
      id: 'a:1:b',
      tenants: [tenant],
      host: 'a',
      pid: 1,
      version: '0',
      slots: 2 ** 40,
      catalogue: '00000000',
      handlers: () => [],
      outages: () => [],
    },
    timings: scaleTimings(50),
    log: silentLog,
    meter: noMeter,
  });
  await expect(registry.register()).rejects.toThrow(/integer/);
  await waitFor(
    'its connection to be closed',
    async () => {
      const sessions = await backfills.rows(
        'select from pg_stat_activity where application_name = $1',
        [application_name],
      );
      return sessions.length === 0;
    },
    { timeout: 5_000 },
  );
});
