import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills } from '../support/backfill.ts';
import { aRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('kept its connection, and so the process alive, if it could not register', async () => {
  const application_name = 'cannot register';
  // More slots than the column takes.
  const registry = aRegistry({ ...backfills.database.app, application_name }, 2 ** 40);
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
