import { describe, expect, test } from 'vitest';
import { failureCauses, likelyCause } from '../../source/domain/triage/failure-cause.ts';

describe('the likely cause of a failure', () => {
  test.each([
    ['connection refused 10.1.2.3:5432', 'upstream_unavailable'],
    ['connect ECONNREFUSED 127.0.0.1:443', 'upstream_unavailable'],
    ['getaddrinfo ENOTFOUND source.example', 'upstream_unavailable'],
    ['HTTP 503 Service Unavailable', 'upstream_unavailable'],
    ['timed out after 300 s', 'upstream_unavailable'],
    ['HTTP 429 Too Many Requests', 'rate_limiting'],
    ['503 Slow Down', 'rate_limiting'],
    ['API rate limit exceeded for installation', 'rate_limiting'],
    ['column "amount" does not exist', 'schema_change'],
    ['relation "orders_raw" does not exist', 'schema_change'],
    ['invalid input syntax for type integer: "n/a"', 'schema_change'],
    ['Unknown column amount', 'schema_change'],
    ['out of memory', 'resource_exhaustion'],
    ['FATAL ERROR: Reached heap limit Allocation failed', 'resource_exhaustion'],
    ['ended by SIGKILL', 'resource_exhaustion'],
    ['write ENOSPC: no space left on device', 'resource_exhaustion'],
    [
      'lost 3 times while it ran (last on web-1:812): it may be what kills its executor',
      'resource_exhaustion',
    ],
    ['FATAL: sorry, too many clients already', 'resource_exhaustion'],
  ])('%s: %s', (message, cause) => {
    expect(likelyCause(message)?.name).toBe(cause);
  });

  test.each(['ssa and cdc differ by 3.2 % (limit 3 %)', '5031 rows short', '', null])(
    '%s: none of them',
    (message) => {
      expect(likelyCause(message)).toBeNull();
    },
  );

  test("the runbook's list is whole", () => {
    expect(failureCauses.map(({ title }) => title)).toEqual([
      'Upstream data source unavailable',
      'Schema changes mid-backfill',
      'Resource exhaustion (memory, CPU)',
      'Rate limiting from external systems',
    ]);
  });

  test('of a message of a megabyte only the beginning is looked at', () => {
    expect(likelyCause(`${'column x '.repeat(120_000)}429`)).toBeNull();
  });
});
