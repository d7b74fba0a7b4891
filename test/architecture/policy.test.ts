import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { strategyDefaults } from '../../source/domain/job/strategy.ts';
import { policy } from '../../source/domain/policy.ts';

const folder = 'migrations/functions/';

test('a time or count that is written in SQL is one of domain/policy.ts', () => {
  // Triggers take no parameters; a job that says nothing of its attempts has the default of every strategy.
  const allowed = [
    `'${policy.reclaim_ms / 1000} seconds'`,
    `'${policy.stale_ms / 1000} seconds'`,
    `'max_attempts', ${strategyDefaults.max_attempts})`,
    // Locks that every transaction of ours holds for a moment: locks.sql.
    "'1 second'",
  ];
  const written = readdirSync(folder).flatMap((name) =>
    [
      ...readFileSync(folder + name, 'utf8').matchAll(
        /(?<=interval )'\d+ (?:seconds?|minutes?|hours?)'|'(?:max_attempts|timeout_ms)', \d+\)/g,
      ),
    ].map(([text]) => `${name}: ${text}`),
  );
  expect(written.filter((one) => one.startsWith('triggers.sql'))).toHaveLength(3);
  expect(written.filter((one) => !allowed.some((text) => one.endsWith(`: ${text}`)))).toEqual([]);
});
