import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { findViolations } from '../../source/database/queries/find-violations.ts';
import { silentLog } from '../../source/observability/log.ts';
import { reclaimJob } from '../../source/operations/act/reclaim.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { Backfills, functionHandler, Gate, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;
let db: Database;
const author = { tenant, actor: 'mara', reason: 'test' };

beforeAll(async () => {
  backfills = await Backfills.open();
  db = openDatabase(backfills.database.app);
});
afterAll(async () => {
  await db.close();
  await backfills.close();
});

describe('changes by an operator while executors run', () => {
  it('a higher max parallel takes effect while the first partition still runs', async () => {
    const gate = new Gate();
    const running = new Set<string>();
    const handler = functionHandler('wide', async (key) => {
      running.add(key);
      await gate.opened;
      return undefined;
    });
    const executor = await backfills.execute([handler]);
    const job = await backfills.job({ asset: 'wide', keys: keys(4) });
    await waitFor('the first', () => running.size === 1);
    await setJob(db, author, job, { parallel: '3' });
    await waitFor('three at once', () => running.size === 3);
    gate.open();
    await backfills.state(job, 'completed');
    await executor.drain();
  });

  it('a lower max parallel closes lease queues at their next batch', async () => {
    const gates = new Map<string, Gate>();
    let running = 0;
    const handler = functionHandler('narrow', async (key) => {
      const gate = new Gate();
      gates.set(key, gate);
      running++;
      await gate.opened;
      running--;
      return undefined;
    });
    const executor = await backfills.execute([handler]);
    const job = await backfills.job({
      asset: 'narrow',
      keys: keys(8),
      strategy: { type: 'parallel', max_parallel: 4 },
    });
    await waitFor('four at once', () => running === 4);
    await setJob(db, author, job, { parallel: '1' });
    // Running partitions do not violate the invariant here, because an operator lowered the limit.
    expect(await findViolations(db, tenant)).toEqual([]);
    await backfills.rows(`update backfill_events set kind = 'other' where kind = 'set'`);
    expect(await findViolations(db, tenant)).toMatchObject([{ id: 'I4', job_id: job }]);
    for (const gate of [...gates.values()]) gate.open();
    await waitFor('the fifth', () => gates.size === 5);
    const { leases } = await backfills.row<{ leases: number }>(
      'select cardinality(lease_tokens) as leases from backfill_jobs where id = $1',
      [job],
    );
    expect(leases).toBe(1);
    for (let next = 5; next <= 8; next++) {
      await waitFor(`partition ${next}`, () => gates.size === next);
      expect(running).toBe(1);
      [...gates.values()].at(-1)!.open();
    }
    await backfills.state(job, 'completed');
    await executor.drain();
  });

  it('a lowered priority gives the slot to the waiting job', async () => {
    const order: string[] = [];
    const gates: Gate[] = [];
    const handler = (asset: string) =>
      functionHandler(asset, async () => {
        order.push(asset);
        const gate = new Gate();
        gates.push(gate);
        await gate.opened;
        return undefined;
      });
    // A round that was under way may have looked before the change: the second one after it has not.
    let rounds = 0;
    const debug = (_: unknown, message?: string) => {
      if (message === 'waits for a slot') rounds++;
    };
    const log = { ...silentLog, debug } as typeof silentLog;
    const executor = await backfills.execute([handler('first'), handler('second')], {
      slots: 1,
      log,
    });
    const first = await backfills.job({ asset: 'first', keys: keys(3), columns: { priority: 5 } });
    await waitFor('the first job', () => gates.length === 1);
    const second = await backfills.job({
      asset: 'second',
      keys: keys(1),
      columns: { priority: 3 },
    });
    await setJob(db, author, first, { priority: '0' });
    const seen = rounds;
    await waitFor('two more looks at the one that waits', () => rounds >= seen + 2);
    gates[0]!.open();
    await waitFor('the next', () => gates.length === 2);
    expect(order).toEqual(['first', 'second']);
    for (const next of [1, 2, 3]) {
      await waitFor(`gate ${next}`, () => gates.length > next);
      gates[next]!.open();
    }
    await Promise.all([backfills.state(first, 'completed'), backfills.state(second, 'completed')]);
    await executor.drain();
  });

  it('failed partitions are retried in place, and the job completes', async () => {
    let broken = true;
    const gate = new Gate();
    const handler = functionHandler('flaky', async (key) => {
      if (key === 'k00002') await gate.opened;
      if (broken && key === 'k00001') return { kind: 'fatal', message: 'no source' };
      return undefined;
    });
    const executor = await backfills.execute([handler]);
    const job = await backfills.job({
      asset: 'flaky',
      keys: keys(2),
      strategy: { type: 'parallel', max_parallel: 2 },
    });
    await waitFor('the first to fail', async () => {
      const [one] = await backfills.partitions(job);
      return one!.state === ('failed' as never);
    });
    broken = false;
    await retryJob(db, author, job);
    gate.open();
    expect(await backfills.state(job, 'completed', 'failed')).toMatchObject({
      state: 'completed',
      completed_partitions: 2,
      failed_partitions: 0,
    });
    const [first] = await backfills.partitions(job);
    expect(first).toMatchObject({ attempt_count: 2, failure_count: 0 });
    await executor.drain();
  });

  it('a recreated job runs no key while the cancelled one still runs it', async () => {
    const gates: Gate[] = [];
    const running = new Map<string, number>();
    let most = 0;
    const handler = functionHandler('again', async (key) => {
      running.set(key, (running.get(key) ?? 0) + 1);
      most = Math.max(most, running.get(key)!);
      if (key === 'k00001' && gates.length === 0) {
        const gate = new Gate();
        gates.push(gate);
        await gate.opened;
      }
      running.set(key, running.get(key)! - 1);
      return undefined;
    });
    const executor = await backfills.execute([handler]);
    const old = await backfills.job({ asset: 'again', keys: keys(3) });
    await waitFor('the first partition', () => gates.length === 1);
    const { job } = await recreateJob(db, author, old, { parallel: '3' });
    await waitFor('the other two', async () => {
      const rows = await backfills.partitions(job!.id);
      return rows.filter((row) => row.state === ('completed' as never)).length === 2;
    });
    const [first] = await backfills.partitions(job!.id);
    expect(first).toMatchObject({ partition_key: 'k00001', state: 'pending', attempt_count: 0 });
    gates[0]!.open();
    await backfills.state(job!.id, 'completed');
    expect(most).toBe(1);
    expect(await backfills.state(old, 'cancelled')).toMatchObject({ completed_partitions: 1 });
    await executor.drain();
  });

  it('a reclaimed job continues within seconds, and its running partitions run again', async () => {
    const gates: Gate[] = [];
    const handler = functionHandler('stuck', async () => {
      const gate = new Gate();
      gates.push(gate);
      if (gates.length === 1) await gate.opened;
      return undefined;
    });
    const executor = await backfills.execute([handler]);
    const job = await backfills.job({ asset: 'stuck', keys: keys(1) });
    await waitFor('the first attempt', () => gates.length === 1);
    await reclaimJob(db, author, job);
    await backfills.state(job, 'completed');
    gates[0]!.open();
    expect(gates).toHaveLength(2);
    expect(await backfills.attemptsJournal(job)).toContain('reclaimed k00001');
    await executor.drain();
  });
});
