import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

/** How many statements with this in their text executors of this process send in so long. */
async function sent(part: string, ms: number): Promise<number> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await sleep(ms);
    const texts = query.mock.calls.map(([first]: unknown[]) =>
      typeof first === 'string' ? first : (first as { text?: string }).text,
    );
    return texts.filter((text) => text?.includes(part)).length;
  } finally {
    query.mockRestore();
  }
}

const away = { kind: 'unavailable', message: 'no answer', of: 'endpoint' } as const;
/** Polls are seconds apart, the back-off of outages is over at once. */
const slow = { speed: 1, timings: { outage_back_off: { base_ms: 50, cap_ms: 100 } } };

describe('A17: a resting dependency is not polled repeatedly', () => {
  it('an expired rest without a waiting job, or with a probe running, causes no poll', async () => {
    const gate = new Gate();
    let probes = 0;
    const given = await backfills.job({ asset: 'given', keys: keys(1) });
    const probed = await backfills.job({ asset: 'probed', keys: keys(1) });
    await backfills.execute(
      [
        functionHandler('given', () => away),
        functionHandler('probed', async () => {
          if (++probes === 1) return away;
          await gate.opened;
          return undefined;
        }),
      ],
      slow,
    );
    await waitFor('the trouble', async () => (await backfills.attemptsJournal(given)).length > 0);
    await backfills.rows(`update backfill_jobs set state = 'cancelled' where id = $1`, [given]);
    await waitFor('a probe to run', () => probes === 2);
    await sleep(500);
    // One a millisecond before: some hundreds.
    expect(await sent('servo_limits_reached_v1', 1_000)).toBeLessThan(10);
    gate.open();
    await backfills.state(probed, 'completed');
  });

  it('is probed, and its job continues, while earlier attempts still run', async () => {
    const gate = new Gate();
    let begun = 0;
    const job = await backfills.job({
      keys: keys(12),
      strategy: { type: 'parallel', max_parallel: 4 },
    });
    await backfills.execute(
      [
        functionHandler('orders', async () => {
          const n = ++begun;
          if (n === 4) return away;
          if (n < 4) await gate.opened;
          return undefined;
        }),
      ],
      slow,
    );
    await waitFor('all others to be completed', async () => {
      const rows = await backfills.partitions(job);
      return rows.filter((row) => row.state === 'completed').length === 9;
    });
    expect(begun).toBe(13);
    gate.open();
    await backfills.state(job, 'completed');
  });

  it('an attempt that we stopped does not end an outage', async () => {
    const lines: string[] = [];
    let attempts = 0;
    const job = await backfills.job({ keys: keys(1) });
    await backfills.execute(
      [
        functionHandler('orders', async (_key, _attempt, signal) => {
          if (++attempts !== 2) return away;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('stopped');
        }),
      ],
      {
        ...slow,
        timings: { ...slow.timings, rescue: 100 },
        log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
      },
    );
    await waitFor('the probe to run', () => attempts === 2);
    await backfills.rows(
      `update backfill_jobs set heartbeat_at = now() - interval '10 minutes' where id = $1`,
      [job],
    );
    await waitFor('more probes', () => attempts > 3);
    expect(lines.filter((line) => /available again/.test(line))).toEqual([]);
  });
});

it('A25: a job whose program is missing everywhere is kept fresh: it waits, and is not stuck', async () => {
  const job = await backfills.job({ keys: keys(2) });
  const missing = { kind: 'unavailable', message: 'no such file', of: 'program' } as const;
  const executor = await backfills.execute([
    {
      asset: 'orders',
      kind: 'executable',
      run: async () => ({ outcome: missing }),
      isAvailable: async () => false,
    },
  ]);
  await waitFor('it to be no executor’s', async () => {
    const { handlers } = await backfills.row<{ handlers: string[] }>(
      'select handlers from backfill_executors where id = $1',
      [executor.id],
    );
    const { lease_tokens } = await backfills.row<{ lease_tokens: string[] }>(
      'select lease_tokens from backfill_jobs where id = $1',
      [job],
    );
    return handlers.length === 0 && lease_tokens.length === 0;
  });
  await backfills.rows(
    `update backfill_jobs set heartbeat_at = clock_timestamp() - interval '50 seconds' where id = $1`,
    [job],
  );
  await waitFor('it to be fresh', async () => {
    const [row] = await backfills.rows(
      `select from backfill_jobs where id = $1 and heartbeat_at > clock_timestamp() - interval '20 seconds'`,
      [job],
    );
    return row !== undefined;
  });
});

describe('A15: a job that runs one partition at a time after permanent failures', () => {
  it('takes no slot and no message of others while that one runs', async () => {
    const gate = new Gate();
    const met: string[] = [];
    const job = await backfills.job({
      keys: keys(9),
      strategy: { type: 'parallel', max_parallel: 8 },
    });
    const handler = functionHandler('orders', async (key, attempt) => {
      met.push(key);
      if (key === 'k00001' && attempt === 1)
        return { kind: 'failed', message: 'no such table', permanent: true };
      await gate.opened;
      return undefined;
    });
    const timings = { permanent_back_off: { base_ms: 10, cap_ms: 10 } };
    await backfills.execute([handler], { speed: 1, slots: 1, timings });
    await waitFor('the canary to run', () => met.length === 2);
    await backfills.execute([handler], { speed: 1, slots: 8, timings });
    await sleep(500);
    // As fast as the database answered before.
    expect(await sent('servo_report_and_claim_v1', 1_000)).toBeLessThan(3);
    expect(met).toHaveLength(2);
    gate.open();
    await backfills.state(job, 'completed');
  });
});
