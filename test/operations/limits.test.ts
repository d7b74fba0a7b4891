import { afterAll, beforeAll, expect, test } from 'vitest';
import { setLimit } from '../../source/operations/system/limits.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.open();
});
afterAll(() => operator.close());

test('a limit on an asset behind the first 5,000 was refused as one on an asset that is not there', async () => {
  await operator.sql(
    `insert into assets (id, name, asset_type, tenant_id)
     select gen_random_uuid(), 'asset_' || lpad(n::text, 5, '0'), 'table', 'acme' from generate_series(1, 5001) n`,
  );
  const limit = { scope: 'asset', max_running: 1 } as const;
  const { limits } = await setLimit(operator.db, author, { ...limit, name: 'asset_05001' });
  expect(limits).toEqual([{ ...limit, name: 'asset_05001', running: 0 }]);
  const { code } = await errorOf(setLimit(operator.db, author, { ...limit, name: 'asset_05002' }));
  expect(code).toBe('not_found');
});
