import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Check, startServer } from '../../source/observability/server.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Exposition } from '../support/exposition.ts';
import { Operator } from '../support/operator.ts';
import { run as sql } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Program } from '../support/worker.ts';

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.open();
});
afterAll(() => operator.close());

const program = (...args: string[]) => new Program(operator.database.app, 'acme', args);
const readiness = async (address: string) => {
  const answer = await fetch(`http://${address}/readyz`);
  const { ready, checks } = documentOf('exporter', await answer.text()) as {
    ready: boolean;
    checks: Check[];
  };
  const failed = checks.filter(({ ok }) => !ok).map(({ check }) => check);
  return { status: answer.status, ready, failed };
};
const ready = { status: 200, ready: true, failed: [] };

describe('exporter', () => {
  test('reports the tenant without an executor, is ready, and ends at SIGTERM', async () => {
    const exporter = program('exporter', '--metrics-port', '127.0.0.1:0');
    const address = await exporter.listening();
    const seen = await waitFor('the tenant to be reported', async () => {
      const one = await Exposition.of(address);
      return one.types.has('servo_backfill_jobs_active') ? one : null;
    });
    expect(seen.value('servo_backfill_executors_alive')).toBe(0);
    expect(seen.value('servo_backfill_jobs_active{state="running"}')).toBe(0);
    expect(seen.value('servo_tui_database_up')).toBe(1);
    expect(seen.types.has('servo_executor_slots')).toBe(false);
    expect(await readiness(address)).toEqual(ready);
    expect(await (await fetch(`http://${address}/healthz`)).json()).toEqual({ status: 'ok' });
    const others = [
      await fetch(`http://${address}/`),
      await fetch(`http://${address}/metrics`, { method: 'POST' }),
    ];
    expect(others.map(({ status }) => status)).toEqual([404, 405]);
    expect(await exporter.kill('SIGTERM')).toEqual([0, null]);
    // Released: the next one need not wait until the lease expires.
    const left = await operator.sql(
      'select from backfill_leaders where expires_at > clock_timestamp()',
    );
    expect(left).toEqual([]);
  });

  test('without a port, with a wrong one, and with one that is taken', async () => {
    const variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
    for (const [line, message] of [
      ['exporter', 'exporter: missing --metrics-port'],
      [
        'exporter --metrics-port 70000',
        'invalid --metrics-port "70000": expected a port, e.g. 9464, 127.0.0.1:9464 or [::1]:9464',
      ],
      [
        'exporter --metrics-port 127.0.0.1:9464 --metrics-address ::1',
        '--metrics-address ::1 and --metrics-port 127.0.0.1:9464 name different addresses',
      ],
      [
        'exporter --metrics-port 9464 --early-warning soon',
        'invalid --early-warning "soon": expected a duration, e.g. 30m',
      ],
    ] as const) {
      const ran = await run([...line.split(' '), '--json'], variables);
      expect([ran.code, errorDocument(ran).message]).toEqual([2, message]);
    }
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const { code, stderr } = await run(['exporter', '--metrics-port', String(port)], {
      ...variables,
      SERVO_METRICS_ADDRESS: '127.0.0.1',
    });
    taken.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE.* — choose another --metrics-port/,
    );
  });
});

describe('an executor', () => {
  test('is ready, and not while the schema is not what it was', async () => {
    const worker = program(
      ...['--worker', '--metrics-port', '127.0.0.1:0', '--grace', '30s'],
      ...[
        '--handlers',
        handlerDirectory({ orders: '#!/bin/sh\nread line < "$SERVO_PARTITION_KEY"\n' }),
      ],
    );
    const address = await worker.listening();
    await waitFor('it to be ready', async () => (await readiness(address)).ready);
    const metrics = await Exposition.of(address);
    expect(metrics.value('servo_executor_slots')).toBeGreaterThan(0);
    expect(metrics.value('servo_executor_heartbeat_age_seconds')).toBeLessThan(72);
    await operator.sql('alter table servo_migrations rename to elsewhere');
    expect(await readiness(address)).toEqual({ status: 503, ready: false, failed: ['schema'] });
    await operator.sql('alter table elsewhere rename to servo_migrations');
    expect(await readiness(address)).toEqual(ready);
    expect(await worker.kill('SIGTERM')).toEqual([0, null]);
  });

  test('counts by the thresholds of its settings, as the console does', async () => {
    await operator.asset('clicks', 'day');
    await operator.job(
      { asset: 'clicks', start: '2024-01-01', end: '2024-01-02' },
      { state: 'running', heartbeat_at: new Date(Date.now() - 600_000) },
    );
    const handlers = handlerDirectory({ orders: '#!/bin/sh\n' });
    const stale = async (env: NodeJS.ProcessEnv) => {
      const args = ['--worker', '--metrics-port', '127.0.0.1:0', '--handlers', handlers];
      const worker = new Program(operator.database.app, 'acme', args, env);
      const address = await worker.listening();
      const seen = await waitFor('the tenant to be reported', async () => {
        const one = await Exposition.of(address);
        return one.types.has('servo_backfill_stale_jobs') ? one : null;
      });
      // Before it is, a signal ends it as any program.
      await waitFor('it to be ready', async () => (await readiness(address)).ready);
      expect(await worker.kill('SIGTERM')).toEqual([0, null]);
      return seen.value('servo_backfill_stale_jobs');
    };
    expect(await stale({})).toBe(1);
    expect(await stale({ SERVO_HEARTBEAT_STALE: '1h' })).toBe(0);
  });
});

test('every check is reported, and an error of ours is a 500', async () => {
  const checks = [
    { check: 'database', ok: true, message: null },
    { check: 'executor', ok: false, message: 'the executor is draining' },
  ];
  const server = await startServer(
    { host: '127.0.0.1', port: 0 },
    { checks: async () => checks, metrics: () => Promise.reject(new Error('a fault')) },
  );
  const answer = await fetch(`http://${server.address}/readyz`);
  expect([answer.status, await answer.json()]).toEqual([503, { ready: false, checks }]);
  const failed = await fetch(`http://${server.address}/metrics`);
  expect([failed.status, await failed.json()]).toEqual([500, { error: 'a fault' }]);
  await server.close();
  await expect(fetch(`http://${server.address}/healthz`)).rejects.toThrow();
});

test('a database that is away leaves the process alive, not ready, and silent about tenants', async () => {
  const name = `gone_${process.pid}`;
  await operator.sql(`create database ${name} template template0`);
  const settings = { ...operator.database.superuser, database: name };
  const { migrate } = await import('../../source/database/migrate.ts');
  await migrate(settings);
  const exporter = new Program(settings, 'acme', ['exporter', '--metrics-port', '127.0.0.1:0']);
  const address = await exporter.listening();
  await waitFor('it to be ready', async () => (await readiness(address)).ready);
  await sql(operator.database.superuser, `drop database ${name} with (force)`);
  await waitFor('it to be unready', async () => !(await readiness(address)).ready);
  expect((await readiness(address)).failed).toEqual(['database']);
  expect((await fetch(`http://${address}/healthz`)).status).toBe(200);
  await waitFor('it to be silent', async () => {
    const seen = await Exposition.of(address);
    return (
      !seen.types.has('servo_backfill_jobs_active') && seen.value('servo_tui_database_up') === 0
    );
  });
  expect(await exporter.kill('SIGTERM')).toEqual([0, null]);
});
