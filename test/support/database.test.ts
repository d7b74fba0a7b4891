import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createTestDatabase } from './database.ts';

it('gives every caller a migrated database of its own', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(one.name).not.toBe(other.name);
  const client = new Client(one.app);
  await client.connect();
  const { rows } = await client.query(
    `select current_user, to_regclass('backfill_jobs') is not null as migrated`,
  );
  expect(rows).toEqual([{ current_user: 'servo_app', migrated: true }]);
  await client.end();
  await Promise.all([one.drop(), other.drop()]);
});
