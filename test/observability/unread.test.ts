import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BoundedOutput } from '../../source/observability/bounded-output.ts';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { binary, environmentFor, handlerDirectory } from '../support/worker.ts';

let backfills: Backfills;

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(() => backfills.close());

function fill(fd: number): void {
  for (let size = 4096; size > 0; )
    try {
      writeSync(fd, '.'.repeat(size));
    } catch {
      size >>= 1;
    }
}

/** A full pipe without a reader. */
function fullPipe(): { fd: number; read(): string } {
  const path = join(handlerDirectory({}), 'pipe');
  spawnSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  fill(fd);
  const buffer = Buffer.alloc(1 << 20);
  const read = () => {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch {
      return '';
    }
  };
  return { fd, read };
}

test.each([
  ['a pipe that is not read', () => fullPipe()],
  ['a full disk', () => ({ fd: openSync('/dev/full', 'w'), read: null })],
])('A21: %s for stderr stops neither work nor SIGTERM', async (_, open) => {
  const { fd, read } = open();
  const shout = `#!/bin/sh\nhead -c 900 /dev/zero | tr '\\0' x\nexit $((SERVO_ATTEMPT < 2))\n`;
  const job = await backfills.job({
    keys: keys(40),
    strategy: { type: 'parallel', max_parallel: 4 },
  });
  const worker = spawn(
    process.execPath,
    [binary, '--worker', '--verbose', '--handlers', handlerDirectory({ orders: shout })],
    {
      env: { ...environmentFor(backfills.database.app, tenant), SERVO_SPEED: '50' },
      stdio: ['ignore', 'ignore', fd],
    },
  );
  const exited = once(worker, 'exit');
  await backfills.state(job, 'completed');
  if (read !== null) {
    let seen = '';
    await waitFor('what was kept to come', () => {
      seen += read();
      return /job completed/.test(seen);
    });
    expect(seen).toMatch(/executor .* started/);
  }
  worker.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  closeSync(fd);
});

test('A21: nor does a stopped terminal, which gets readable text in colours', async () => {
  const handlers = handlerDirectory({ orders: '#!/bin/sh\n' });
  const env = {
    ...environmentFor(backfills.database.app, tenant),
    TERM: 'xterm',
    SERVO_SPEED: '50',
  };
  const terminal = pty.spawn(process.execPath, [binary, '--worker', '--handlers', handlers], {
    cols: 80,
    rows: 24,
    env: env as Record<string, string>,
  });
  let seen = '';
  terminal.onData((text) => {
    seen += text;
  });
  const exited = new Promise<number>((resolve) =>
    terminal.onExit(({ exitCode }) => resolve(exitCode)),
  );
  await waitFor('it to start', () => /INFO.*executor .* started/.test(seen), { seen: () => seen });
  // As Ctrl-S: nothing is read any more, and there is no room.
  terminal.pause();
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const path = (terminal as unknown as { _pty: string })._pty;
  const fd = openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  fill(fd);
  const job = await backfills.job({ keys: keys(3) });
  await backfills.state(job, 'completed');
  terminal.kill('SIGTERM');
  expect(await exited).toBe(0);
  closeSync(fd);
});

test('A21: lines that do not fit are left out, and counted when it flows again', async () => {
  let taken = '';
  let way: 'free' | 'slow' | 'full' | 'broken' = 'full';
  const dropped: number[] = [];
  const output = new BoundedOutput({
    write(bytes) {
      if (way === 'full') throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      if (way === 'broken') throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      const size = way === 'slow' ? Math.min(700, bytes.length) : bytes.length;
      taken += bytes.toString('utf8', 0, size);
      return size;
    },
    dropped: (lines) => dropped.push(lines),
  });
  const line = (i: number) => `${String(i).padStart(1023, '.')}\n`;
  const lines = Array.from({ length: 1500 }, (_, i) => line(i));
  for (const [i, one] of lines.entries()) {
    if (i === 700) way = 'broken';
    output.write(one);
  }
  output.end();
  expect([taken, dropped]).toEqual(['', []]);
  way = 'slow';
  await waitFor('it to flow again', () => dropped.length > 0);
  // A mebibyte is kept, in order and whole.
  expect(taken).toBe(lines.slice(0, 1024).join(''));
  expect(dropped).toEqual([476]);
  way = 'free';
  output.write('at once\n');
  expect(taken.endsWith('at once\n')).toBe(true);
});
