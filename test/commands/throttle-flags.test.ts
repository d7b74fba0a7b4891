import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Flags } from '../../source/commands/flags.ts';
import { readThrottle } from '../../source/commands/throttle-flags.ts';
import type { Problem } from '../../source/errors.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { author, Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

const throttle = (flags: Record<string, string>) => {
  const problems: Problem[] = [];
  const values = new Map(Object.entries(flags).map(([name, value]) => [name, [value]]));
  return { ...readThrottle(new Flags(values), problems), problems };
};

describe('when a worker holds and pauses', () => {
  test('as the defaults say', () => {
    expect(throttle({})).toEqual({
      health: { replication_lag_seconds: 60, lock_wait_seconds: 30, connections: 0.95 },
      failures: { rate: 0.5, least: 20 },
      pause_at: 5,
      problems: [],
    });
  });

  test('as the flags say; off is off', () => {
    expect(
      throttle({
        'hold-replication-lag': '1m30s',
        'hold-lock-wait': 'off',
        'hold-connections': '80%',
        'pause-at-failure-rate': '12.5',
        'pause-at-identical-failures': '3',
      }),
    ).toMatchObject({
      pause_at: 3,
      health: { replication_lag_seconds: 90, lock_wait_seconds: null, connections: 0.8 },
      failures: { rate: 0.125 },
    });
    expect(throttle({ 'pause-at-failure-rate': 'OFF' }).failures).toBeNull();
    expect(throttle({ 'pause-at-identical-failures': 'off' }).pause_at).toBeNull();
  });

  test('every mistake is told', () => {
    const { problems } = throttle({
      'hold-replication-lag': '5',
      'hold-lock-wait': '0s',
      'hold-connections': '101',
      'pause-at-failure-rate': '0',
      'pause-at-identical-failures': '0',
    });
    expect(problems.map((one) => one.message)).toEqual([
      '"0" is no percentage (--pause-at-failure-rate)',
      '"5" is no duration (--hold-replication-lag)',
      '"0s" is no duration (--hold-lock-wait)',
      '"101" is no percentage (--hold-connections)',
      'invalid --pause-at-identical-failures "0"',
    ]);
  });
});

describe('status', () => {
  let operator: Operator;
  let variables: Record<string, string>;
  beforeAll(async () => {
    operator = await Operator.open();
    await operator.asset('orders', 'day');
    variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  });
  afterAll(() => operator.close());

  test('says that a worker is held, why, and that the job waits for that', async () => {
    const { job } = await operator.start({ asset: 'orders', partitions: ['2024-01-01'] });
    const directory = handlerDirectory({ 'orders.sql': 'select $1' });
    // Whatever is connected is more than a hundredth of a per cent.
    const worker = new Worker(
      operator.database.app,
      'acme',
      ['--handlers', directory, '--hold-connections', '0.01', '--slots', '1'],
      { SERVO_SPEED: '10' },
    );
    try {
      await worker.started();
      const status = async () => run(['status', job!.id], variables);
      const held = await waitFor('the worker to be held', async () => {
        const { stdout } = await status();
        return /^held +\S+: .* of the connections are in use/m.test(stdout) && stdout;
      });
      expect(held).toMatch(/^(idle +claiming is held: .* of the connections are in use|state +✓)/m);
      const { stdout } = await run(['status', job!.id, '--json'], variables);
      expect(documentOf('status', stdout).held).toMatchObject([
        { hold_reason: expect.stringContaining('limit 0 %') },
      ]);
    } finally {
      await worker.kill();
    }
  });

  test('says why a job was auto-paused', async () => {
    const id = await operator.job(
      { asset: 'orders', partitions: ['2024-02-01'] },
      { state: 'running' },
    );
    const reason = 'auto-paused: 30 of the last 40 partitions failed (75 %, limit 50 %)';
    await actOnJob(operator.db, { ...author, actor: 'h:1:x', reason }, { action: 'pause', id });
    const { stdout } = await run(['status', id], variables);
    expect(stdout).toMatch(
      /^idle +it is paused since \d+s, by itself: 30 of the last 40 partitions failed .* — servo-tui resume/m,
    );
    const json = await run(['status', id, '--json'], variables);
    expect(documentOf('status', json.stdout).explanation).toMatchObject({
      clause: 'paused',
      by: 'h:1:x',
      reason,
    });
  });
});
