import { describe, expect, it } from 'vitest';
import {
  claimBase,
  finishedSince,
  holdReason,
  pauseReason,
} from '../../source/domain/executor/throttle.ts';

const limits = { replication_lag_seconds: 60, lock_wait_seconds: 30, connections: 0.95 };
const well = { replication_lag_seconds: 1, lock_wait_seconds: null, connections: 0.2 };

describe('holdReason', () => {
  it.each([
    [well, null],
    [{ ...well, replication_lag_seconds: 60 }, null],
    [{ ...well, replication_lag_seconds: 61.2 }, 'replication lags 61 s behind (limit 60 s)'],
    [{ ...well, lock_wait_seconds: 45 }, 'somebody has waited 45 s for a lock (limit 30 s)'],
    [{ ...well, connections: 0.97 }, '97 % of the connections are in use (limit 95 %)'],
    [
      { replication_lag_seconds: 90, lock_wait_seconds: 31, connections: null },
      'replication lags 90 s behind (limit 60 s); somebody has waited 31 s for a lock (limit 30 s)',
    ],
  ])('%j → %s', (seen, reason) => expect(holdReason(seen, limits)).toBe(reason));

  it('does not look at a signal that is switched off', () => {
    expect(holdReason({ ...well, connections: 1 }, { ...limits, connections: null })).toBeNull();
  });
});

describe('what counts towards a pause', () => {
  const lately = { completed: 39, failed: 42 };
  it('is all of a job that has been claimed once', () => {
    const now = { version: 2, ...lately };
    expect(finishedSince(claimBase(undefined, now), now, lately)).toEqual(lately);
  });

  it('is nothing from before a resume', () => {
    const first = claimBase(
      { version: 2, completed: 0, failed: 0 },
      { version: 5, completed: 0, failed: 42 },
    );
    const now = { version: 5, completed: 39, failed: 42 };
    expect(finishedSince(claimBase(first, now), now, lately)).toEqual({ completed: 39, failed: 0 });
  });

  it('is what fails again after a retry', () => {
    const retried = claimBase(
      { version: 5, completed: 0, failed: 42 },
      { version: 5, completed: 0, failed: 0 },
    );
    const now = { version: 5, completed: 0, failed: 30 };
    expect(finishedSince(claimBase(retried, now), now, lately)).toEqual({
      completed: 0,
      failed: 30,
    });
  });
});

describe('pauseReason', () => {
  const limit = { rate: 0.5, least: 20 };
  it.each([
    [{ completed: 0, failed: 19 }, null],
    [{ completed: 10, failed: 10 }, null],
    [
      { completed: 9, failed: 11 },
      'auto-paused: 11 of the last 20 partitions failed (55 %, limit 50 %)',
    ],
  ])('%j → %s', (finished, reason) => expect(pauseReason(finished, limit)).toBe(reason));
});
