import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../source/observability/log.ts';
import { ServiceManager } from '../../source/observability/service-manager.ts';
import { packageRoot } from '../../source/package.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Program } from '../support/worker.ts';

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.open();
});
afterAll(() => operator.close());

test.each([
  ['a worker', ['--worker', '--handlers', handlerDirectory({ orders: '#!/bin/sh\n' })]],
  ['an exporter', ['exporter', '--metrics-port', '127.0.0.1:0']],
])('%s tells systemd that it is ready, alive, and stopping', async (_, args) => {
  const told = handlerDirectory({
    'systemd-notify': '#!/bin/sh\necho "$@" >> "$TOLD"\n',
    told: '',
  });
  const program = new Program(operator.database.app, 'acme', args, {
    PATH: `${told}:${process.env.PATH}`,
    TOLD: join(told, 'told'),
    NOTIFY_SOCKET: '/nowhere/notify',
    WATCHDOG_USEC: '100000',
  });
  const lines = () => readFileSync(join(told, 'told'), 'utf8').trim().split('\n');
  await waitFor('signs of life', () => lines().includes('WATCHDOG=1'), { seen: () => program.log });
  expect(lines()[0]).toMatch(/^READY=1 STATUS=/);
  expect(await program.kill('SIGTERM')).toEqual([0, null]);
  await waitFor('the stop', () => lines().some((line) => line.startsWith('STOPPING=1')));
});

test('a failed notification is logged once, and again after one that succeeded', async () => {
  const warned: string[] = [];
  const log = { warn: (message: string) => warned.push(message) } as unknown as Log;
  let able = false;
  let told = 0;
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '4000' };
  const manager = new ServiceManager(env, log, async () => {
    told += 1;
    if (!able) throw new Error('no such socket');
  });
  manager.ready('well');
  await waitFor('some signs of life', () => told > 5);
  expect(warned).toEqual(['cannot notify systemd: no such socket']);
  for (const state of [true, false]) {
    able = state;
    const before = told;
    await waitFor('more of them', () => told > before + 2);
  }
  manager.stopping();
  expect(warned).toHaveLength(2);
});

describe('nothing is sent', () => {
  const toldWith = async (env: Record<string, string>) => {
    const told: string[] = [];
    const manager = new ServiceManager(env, silentLog, async (assignments) => {
      told.push(assignments[0]!);
    });
    manager.ready('ready');
    const until = performance.now() + 60;
    await waitFor('some time to pass', () => performance.now() > until);
    manager.stopping();
    return [...new Set(told)];
  };

  test('without a socket, and no sign of life where the watchdog is another process’s', async () => {
    expect(await toldWith({ WATCHDOG_USEC: '20000' })).toEqual([]);
    const socket = { NOTIFY_SOCKET: '/run/notify' };
    expect(await toldWith(socket)).toEqual(['READY=1', 'STOPPING=1']);
    const watchdog = { ...socket, WATCHDOG_USEC: '20000' };
    expect(await toldWith({ ...watchdog, WATCHDOG_PID: '1' })).toEqual(['READY=1', 'STOPPING=1']);
    const mine = { ...watchdog, WATCHDOG_PID: String(process.pid) };
    expect(await toldWith(mine)).toEqual(['READY=1', 'WATCHDOG=1', 'STOPPING=1']);
  });
});

test('A10: the units wait and restart without limit, and let an executor drain', () => {
  for (const name of ['servo-tui-worker', 'servo-tui-exporter']) {
    const unit = readFileSync(join(packageRoot, 'deploy', `${name}.service`), 'utf8');
    for (const line of [
      'Type=notify',
      'NotifyAccess=all',
      'Restart=always',
      'StartLimitIntervalSec=0',
      'TimeoutStartSec=infinity',
      'KillMode=mixed',
    ])
      expect(unit.split('\n')).toContain(line);
    expect(unit).toMatch(/^WatchdogSec=\d+s$/m);
  }
  const worker = readFileSync(join(packageRoot, 'deploy', 'servo-tui-worker.service'), 'utf8');
  const seconds = (pattern: RegExp) => Number(pattern.exec(worker)![1]);
  expect(seconds(/^TimeoutStopSec=(\d+)s$/m)).toBeGreaterThan(seconds(/--grace (\d+)s/) + 15);
});

/** Where systemd is installed, it reads them itself. */
const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
test.each(systemd ? ['servo-tui-worker', 'servo-tui-exporter'] : [])(
  'systemd finds nothing wrong with %s',
  (name) => {
    const unit = join(packageRoot, 'deploy', `${name}.service`);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    // It may speak of other units of this host too.
    expect([status, stderr.split('\n').filter((line) => line.includes(name))]).toEqual([0, []]);
  },
);
