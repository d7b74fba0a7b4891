import { expect, test } from 'vitest';
import { driftText, etaIfStarted, formatEta } from '../../source/presentation/job/eta-phrase.ts';
import { aJob, now } from '../support/jobs.ts';

test.each([
  ['running', ''],
  ['pending', 'ETA 12:07 in 8m if started now'],
  ['paused', 'ETA 12:07 in 8m if started now'],
  ['resuming', 'ETA 12:07 in 8m if started now'],
  ['waiting_upstream', ''],
  ['completed', ''],
])('the ETA of a %s job reads: %s', (state, words) => {
  const job = { ...aJob({ state }), eta_seconds: 450 };
  expect(etaIfStarted(job, now, 'utc')).toBe(words);
});

test('the ETA of the forecast includes the wait: it is not one if started now', () => {
  const job = { ...aJob({ state: 'pending' }), eta_seconds: 450, start_seconds: 60 };
  expect(etaIfStarted(job, now, 'utc')).toBe('ETA 12:07 in 8m');
  // The list's cell says it already: `3rd, starts in ~1m, done 12:07`.
  expect(etaIfStarted({ ...job, waits_for: 'outranked' }, now, 'utc')).toBe('');
});

test.each([
  [2520, 'slipped 42m in 15m'],
  [-300, 'gained 5m in 15m'],
  [60, ''],
  [null, ''],
])('a drift of %s seconds reads: %s', (eta_drift_seconds, words) => {
  expect(driftText({ eta_drift_seconds, eta_seconds: 900 })).toBe(words);
});

test.each([
  [
    'all its leases',
    'silent',
    ['web-2:77 silent 14s, takeover in ~1m46s', 'silent ~1m46s', 'silent ~2m', 'silent'],
  ],
  [
    'some of them',
    'ok',
    ['12:15 in 15m, web-2:77 silent 14s, takeover in ~1m46s', 'in 15m, silent ~1m46s', '! in 15m'],
  ],
] as const)('a silent executor with %s is a mark at each width', (_, health, forms) => {
  const silence = {
    ...{ executor: 'web-2:77:4f2a', executors: 1 },
    ...{ silent_seconds: 14, takeover_seconds: 106 },
  };
  expect(formatEta({ ...aJob(), health, silence }, now, 'utc').forms).toEqual(forms);
});

test('several silent executors are counted, and where none is alive none takes over', () => {
  const silence = { executor: 'web-2:77:4f2a', executors: 3, silent_seconds: 4000 };
  const phrase = (takeover_seconds: number | null) =>
    formatEta(
      { ...aJob(), health: 'silent', silence: { ...silence, takeover_seconds } },
      now,
      'utc',
    ).forms[0];
  expect(phrase(0)).toBe('3 executors silent 1h07m, takeover in ~0s');
  expect(phrase(null)).toBe('3 executors silent 1h07m, no executor takes over');
});
