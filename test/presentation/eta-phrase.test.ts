import { expect, test } from 'vitest';
import { driftText, etaIfStarted } from '../../source/presentation/job/eta-phrase.ts';
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
