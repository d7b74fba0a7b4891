import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { environment } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { askPassword, fatal, Way } from '../support/way.ts';
import { handlerDirectory, Program } from '../support/worker.ts';

let backfills: Backfills;
let way: Way;
const programs: Program[] = [];
const handlers = handlerDirectory({ orders: '#!/bin/sh\n' });
const commands: Record<string, string[]> = {
  'a worker': ['--worker', '--handlers', handlers, '--metrics-port', '127.0.0.1:0'],
  'an exporter': ['exporter', '--metrics-port', '127.0.0.1:0'],
};

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(() => backfills.close());
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.kill()));
  way.close();
});

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program({ ...way.settings, password: undefined }, tenant, args, {
    ...environment(),
    SERVO_SPEED: '50',
    PGPASSFILE: '/nowhere',
    ...env,
  });
  programs.push(program);
  return program;
}

const waits = (program: Program) =>
  waitFor('it to wait', () => program.log.includes('waiting for the database: '), {
    seen: () => program.log,
  });
const status = async (address: string, path: string) =>
  (await fetch(`http://${address}${path}`)).status;

describe('A10: a database that is unavailable when a program starts', () => {
  it.each(Object.entries(commands))('%s waits for it, not ready, and goes on', async (_, args) => {
    way = new Way(backfills.database.app);
    const told = handlerDirectory({
      'systemd-notify': '#!/bin/sh\necho "$@" >> "$TOLD"\n',
      told: '',
    });
    const lines = () => readFileSync(join(told, 'told'), 'utf8');
    const program = start(args, {
      PATH: `${told}:${process.env.PATH}`,
      TOLD: join(told, 'told'),
      NOTIFY_SOCKET: '/nowhere/notify',
      ...(backfills.database.app.password && { PGPASSWORD: backfills.database.app.password }),
    });
    await waits(program);
    const address = await program.listening();
    expect(await status(address, '/healthz')).toBe(200);
    expect(await status(address, '/readyz')).toBe(503);
    expect(lines()).not.toContain('READY=1');
    await way.open();
    await waitFor('it to be ready', async () => (await status(address, '/readyz')) === 200);
    await waitFor('systemd to be told', () => lines().includes('READY=1'));
    if (args[0] === '--worker') {
      const job = await backfills.job({ keys: keys(1) });
      await backfills.state(job, 'completed');
    }
    expect(await program.kill('SIGTERM')).toEqual([0, null]);
    // One line for all the tries.
    expect(program.log.match(/waiting for the database/g)).toHaveLength(1);
  });

  it('a permanent error ends it with exit 5, the login and what to do; it waits for anything else', async () => {
    const refusals: [readonly Buffer[], RegExp][] = [
      [
        fatal('28P01', 'password authentication failed'),
        /cannot reach servo_app@.*check the password/,
      ],
      [fatal('28000', 'no pg_hba.conf entry'), /cannot reach servo_app@.*pg_hba\.conf/],
      [
        fatal('3D000', 'database "x" does not exist'),
        /cannot reach servo_app@.*create the database/,
      ],
      [
        askPassword,
        /cannot log in as servo_app@.*asks for a password, and none is set.*PGPASSWORD/,
      ],
    ];
    for (const [answer, words] of refusals) {
      way = new Way(backfills.database.app);
      await way.open(answer);
      const [worker, exporter] = Object.values(commands).map((args) => start(args));
      for (const program of [worker!, exporter!]) {
        expect(await program.exited, program.log).toEqual([5, null]);
        expect(program.log).toMatch(words);
      }
      const list = start(['list']);
      expect(await list.exited, list.log).toEqual([5, null]);
      expect(list.log).toMatch(words);
      way.close();
    }
    for (const code of ['57P03', '53300', '08P01', '57P01']) {
      way = new Way(backfills.database.app);
      await way.open(fatal(code, 'not now'));
      const worker = start(commands['a worker']!);
      await waits(worker);
      expect(await worker.kill('SIGTERM')).toEqual([0, null]);
      way.close();
    }
  });
});

describe('A31: SIGTERM while a worker starts drains it', () => {
  const signals = ['SIGTERM', 'SIGINT'] as const;

  async function ends(program: Program, signal: (typeof signals)[number], when: string) {
    expect(await program.kill(signal), `${signal} ${when}: ${program.log}`).toEqual([0, null]);
    return program.log;
  }

  it.each([
    ['a worker', signals],
    ['an exporter', signals.toReversed()],
  ] as const)(
    '%s by %j: before the database answers, while it is away, and as soon as it has started',
    async (what, [first, second]) => {
      const args = commands[what]!;
      way = new Way(backfills.database.app);
      await way.open([]);
      const unanswered = start(args);
      // For its figures and, of a worker, for its start.
      const connections = what === 'a worker' ? 2 : 1;
      await waitFor('it to connect', () => way.connections === connections);
      const said = await ends(unanswered, first, 'before an answer');
      if (what === 'a worker') expect(said).toContain('drained');
      // It has not tried again: a service manager does not wait for that.
      expect(way.connections).toBe(connections);
      way.close();
      way = new Way(backfills.database.app);
      const waiting = start(args);
      await waits(waiting);
      await ends(waiting, second, 'while it waits');
      await way.open();
      for (const signal of signals) {
        const started = start(args);
        const word = what === 'a worker' ? /executor .* started/ : /metrics and health on/;
        await new Promise<void>((resolve) => {
          started.process.stderr!.on('data', () => word.test(started.log) && resolve());
        });
        const told = await ends(started, signal, 'as it starts');
        if (what === 'a worker') expect(told).toContain('drained');
      }
    },
  );

  it('after any message to the database: its start is complete, or nothing of it was done', async () => {
    way = new Way(backfills.database.app);
    await way.open();
    // Each in its turn, until one has started before it sends so many.
    for (let nth = 1, started = false; !started && nth < 60; nth++) {
      const worker = start(commands['a worker']!.slice(0, 3));
      const signal = signals[nth % signals.length]!;
      await way.message(nth, () => worker.process.kill(signal));
      expect(await worker.exited, `${signal} at message ${nth}: ${worker.log}`).toEqual([0, null]);
      expect(worker.log).toContain('drained');
      started = / started: /.test(worker.log);
    }
    expect(
      await backfills.rows('select id from backfill_executors where stopped_at is null'),
    ).toEqual([]);
  });

  it('at any moment: it ends normally, or has not started', async () => {
    way = new Way(backfills.database.app);
    await way.open();
    for (let delay = 0; delay <= 480; delay += 60) {
      const signal = signals[(delay / 60) % signals.length]!;
      const worker = start(commands['a worker']!);
      await sleep(delay);
      const end = await worker.kill(signal);
      // Before the program has read its command line, nothing of ours runs.
      if (end[1] === signal) expect(worker.log).toBe('');
      else expect([end, worker.log]).toEqual([[0, null], expect.stringContaining('drained')]);
    }
    expect(
      await backfills.rows('select id from backfill_executors where stopped_at is null'),
    ).toEqual([]);
  });
});
