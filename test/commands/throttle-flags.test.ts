import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Flags } from '../../source/cli/flags.ts';
import { readThrottle } from '../../source/commands/system/throttle-flags.ts';
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

describe('thresholds of throttling and auto-pause', () => {
  test('have defaults', () => {
    expect(throttle({})).toEqual({
      health: { replication_lag_seconds: 60, lock_wait_seconds: 30, connections: 0.95 },
      failures: { rate: 0.5, least: 20 },
      pause_at: 5,
      problems: [],
    });
  });

  test('are set by flags; off disables them', () => {
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

  test('every mistake is reported', () => {
    const { problems } = throttle({
      'hold-replication-lag': '5',
      'hold-lock-wait': '0s',
      'hold-connections': '101',
      'pause-at-failure-rate': '0',
      'pause-at-identical-failures': '0',
    });
    expect(problems.map((one) => one.message)).toEqual([
      'invalid --pause-at-failure-rate "0": expected a percentage above 0 and up to 100, or off',
      'invalid --hold-replication-lag "5": expected a duration, e.g. 30s or 5m, or off',
      'invalid --hold-lock-wait "0s": expected a duration, e.g. 30s or 5m, or off',
      'invalid --hold-connections "101": expected a percentage above 0 and up to 100, or off',
      'invalid --pause-at-identical-failures "0": expected a whole number from 1 to 999999, or off',
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

  test('shows that an executor is on hold, the reason, and that the job waits for it', async () => {
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
      const onHold = await waitFor('the executor to be on hold', async () => {
        const { stdout } = await status();
        return /^on hold +\S+: .* of the connections are in use/m.test(stdout) && stdout;
      });
      expect(onHold).toMatch(
        /^(idle +claiming is on hold: .* of the connections are in use|state +✓)/m,
      );
      const { stdout } = await run(['status', job!.id, '--json'], variables);
      expect(documentOf('status', stdout).on_hold).toMatchObject([
        { hold_reason: expect.stringContaining('limit 0 %') },
      ]);
    } finally {
      await worker.kill();
    }
  });

  test('shows why a job was auto-paused', async () => {
    const id = await operator.job(
      { asset: 'orders', partitions: ['2024-02-01'] },
      { state: 'running' },
    );
    const reason = 'auto-paused: 30 of the last 40 partitions failed (75 %, limit 50 %)';
    await actOnJob(operator.db, { ...author, actor: 'h:1:x', reason }, { action: 'pause', id });
    const { stdout } = await run(['status', id], variables);
    expect(stdout).toMatch(
      /^idle +auto-paused \d+s ago: 30 of the last 40 partitions failed .* — servo-tui resume/m,
    );
    const json = await run(['status', id, '--json'], variables);
    expect(documentOf('status', json.stdout).explanation).toMatchObject({
      clause: 'paused',
      by: 'h:1:x',
      reason,
    });
  });
});
