import { expect, it } from 'vitest';
import type { Attempt, Outcome } from '../../source/domain/partition/attempt.ts';
import { Outages } from '../../source/executor/jobs/outages.ts';
import { reportOf } from '../../source/executor/jobs/outcome-report.ts';
import { defaultTimings as timings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';

const attempt = (id: string): Attempt => ({
  ...{ id, job_id: 'job', tenant_id: 'acme', asset_name: 'orders', granularity: null },
  ...{ partition_key: id, attempt: 1, failures: 0, token: id },
});
const message = 'connect ECONNREFUSED';
const unavailable: Outcome = { kind: 'unavailable', message, of: 'endpoint' };

it.each<[Outcome, string | null]>([
  [{ kind: 'completed' }, 'available'],
  [{ kind: 'failed', message }, 'available'],
  [{ kind: 'fatal', message }, 'available'],
  [{ kind: 'crashed', message }, 'available'],
  [{ kind: 'snoozed', message, delay_ms: 1 }, 'available'],
  [{ kind: 'snoozed', message, delay_ms: 0, interrupted: true }, null],
  [{ kind: 'released' }, null],
  [unavailable, 'unavailable'],
])('%o reports the state of the services that its job needs: %s', (outcome, outage) => {
  const context = { attempt: attempt('a'), timings, random: 0, onUnavailable: () => 1_000 };
  expect(reportOf(outcome, context)).toMatchObject({ outcome, outage });
});

it('one partition that may fail on its own turned the outage of all others into failures', () => {
  const job = { id: 'job', tenant_id: 'acme', asset_name: 'orders' };
  const outages = new Outages({
    ...{ catalogue: new Map(), back_off: timings.outage_back_off, log: silentLog },
    ...{ journal: async () => {}, onChange: () => {} },
  });
  const run = (id: string, outcome: Outcome) => {
    const report = reportOf(outcome, {
      ...{ attempt: attempt(id), timings, random: 0 },
      onUnavailable: (kind, text) =>
        outages.report(job, id, { kind, message: text, began: performance.now() }),
    });
    if (report.outage === 'available') outages.attemptPassed(job, performance.now());
    return report.outcome.kind;
  };
  const runs = (ids: string, outcome: Outcome) => [...ids].map((id) => run(id, outcome));
  runs('abc', unavailable);
  runs('d', { kind: 'completed' });
  // A second outage: only the first of those that have met the first one may be its own cause.
  expect(runs('abcabc', unavailable)).toEqual([
    'failed',
    ...Array.from({ length: 5 }, () => 'unavailable'),
  ]);
  // What fails alone, while others complete, fails on its own.
  runs('b', { kind: 'completed' });
  expect(runs('a', unavailable)).toEqual(['failed']);
  runs('c', { kind: 'completed' });
  expect(runs('aa', unavailable)).toEqual(['failed', 'failed']);
});
