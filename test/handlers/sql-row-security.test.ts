import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runSqlHandler } from '../../source/database/queries/run-sql-handler.ts';
import { Backfills, ExecutorSession, keys } from '../support/backfill.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('A12: a role without row_security, whose session is not ours to set, completes what it ran', async () => {
  const job = await backfills.job({ keys: keys(1) });
  const session = new ExecutorSession(backfills, job, 'me');
  await session.claimJob();
  const token = '11111111-1111-4111-8111-111111111111';
  const reply = await session.batch({ opening: [{ token, replaces: null }] });
  // As behind a pooler: our settings are not made for the session.
  const client = new pg.Client({ ...backfills.database.app, options: '-c row_security=off' });
  await client.connect();
  try {
    const options = { owner: 'me', next: null, lease_ms: 120_000, policy: {} };
    const { state } = await runSqlHandler(client, reply!.claimed[0]!, 'select 1', options);
    expect(state).toBe('completed');
    const { rows } = await client.query('show row_security');
    expect(rows).toEqual([{ row_security: 'off' }]);
  } finally {
    await client.end();
    await session.close();
  }
});
