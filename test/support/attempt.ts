import type { Attempt } from '../../source/domain/partition/attempt.ts';

/** The second attempt at a partition of `orders`. */
export function anAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return {
    id: 'p',
    job_id: 'j',
    tenant_id: 'acme',
    asset_name: 'orders',
    partition_key: '2024-01-31',
    granularity: 'day',
    attempt: 2,
    failures: 1,
    token: 't',
    ...overrides,
  };
}
