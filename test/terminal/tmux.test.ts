import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../source/database/migrate.ts';
import { OneServer } from '../faults/servers.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, environment, urlOf } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';

// A night on call: the installed program in a real tmux, on a server that is really killed.

const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** A tmux server with one window, the console. */
class Tmux {
  readonly #socket: string;
  readonly #env: Record<string, string | undefined>;

  constructor(folder: string, variables: Record<string, string>) {
    this.#socket = join(folder, 'socket');
    this.#env = { ...environment(variables), TMUX: '', TERM: 'xterm-256color' };
  }

  call(...args: string[]): string {
    const all = ['-S', this.#socket, '-f', '/dev/null', ...args];
    return execFileSync('tmux', all, { encoding: 'utf8', env: this.#env });
  }

  open(columns: number, rows: number): void {
    const line = `exec "${process.execPath}" "${binary}"`;
    this.call('new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, line);
    this.call('set-option', '-g', 'status', 'off');
    this.resize(columns, rows);
  }

  resize(columns: number, rows: number): void {
    this.call('resize-window', '-t', ':0', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** As one write, as fast as the terminal takes it. */
  type(text: string): void {
    this.call('send-keys', '-l', text);
  }

  press(...keys: string[]): void {
    this.call('send-keys', ...keys);
  }

  bytes(text: string): void {
    this.call('send-keys', '-H', ...Array.from(Buffer.from(text), (byte) => byte.toString(16)));
  }

  /** In brackets, if the program has asked for them. */
  paste(text: string): void {
    this.call('set-buffer', text);
    this.call('paste-buffer', '-p');
  }

  get screen(): string {
    return this.call('capture-pane', '-p');
  }

  /** Waits for a fact about the screen; `act` is repeated until then. */
  async until(what: string | RegExp, act: () => void = () => {}): Promise<void> {
    const holds = () =>
      typeof what === 'string' ? this.screen.includes(what) : what.test(this.screen);
    let next = 0;
    const look = () => {
      if (holds()) return true;
      if (performance.now() > next) {
        act();
        next = performance.now() + 200;
      }
      return false;
    };
    await waitFor(`${what}`, look, { seen: () => this.screen });
  }
}

/** Ctrl, Shift and Alt with keys that the console does not use; none of them is Esc and letters. */
const modified = [
  ...Array.from({ length: 12 }, (_, index) => [`C-F${index + 1}`, `S-F${index + 1}`]).flat(),
  ...['M-F1', 'S-Up', 'M-Down', 'C-Up', 'C-M-Left', 'C-PPage'],
];
/** Reports of a terminal, and an X10 click. */
const reports = ['\x1b[I', '\x1b[O', '\x1b[0n', '\x1b[1;5R', '\x1b[M !!', '\x1b[<64;10;10M'];

describe.skipIf(!hasTmux)('in tmux', () => {
  let server: OneServer;
  let backfills: Backfills;
  const folder = mkdtempSync(join(tmpdir(), 'servo-tui-tmux-'));

  beforeAll(async () => {
    server = await OneServer.open(join(tmpdir(), `servo-tui-night-${process.pid}`));
    const client = new Client(server.superuser);
    await client.connect();
    await client.query('create database night');
    await client.end();
    const superuser = { ...server.superuser, database: 'night' };
    await migrate(superuser);
    const app = { ...server.app, database: 'night' };
    backfills = await Backfills.open({ name: 'night', superuser, app, drop: async () => {} });
  });
  afterAll(async () => {
    await backfills?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const written = () =>
    backfills.rows(`select to_state, reason from backfill_events where actor = 'mara' order by id`);

  test.each([
    [80, 24, 200, 50],
    [200, 50, 80, 24],
  ])(
    'at %dx%d: what is typed into a dialog stays there, and nothing acts but y on its button',
    async (columns, rows, otherColumns, otherRows) => {
      await backfills.rows(`update backfill_jobs set state = 'completed'`);
      await backfills.rows('delete from backfill_events');
      await backfills.job({ asset: 'orders', keys: keys(20) });
      await backfills.rows(
        `update backfill_jobs set state = 'running', started_at = now(), heartbeat_at = now()
       where state = 'pending'`,
      );
      const tmux = new Tmux(mkdtempSync(join(folder, 'tmux-')), {
        DATABASE_URL: urlOf(backfills.database.app),
        TENANT_ID: 'acme',
        SERVO_ACTOR: 'mara',
      });
      try {
        tmux.open(columns, rows);
        await tmux.until(/▐ .*orders/);

        // Every dialog, at full speed: its key, and a sentence with the keys of all the others.
        for (const [key, title] of [
          ['p', 'Pause orders'],
          ['X', 'Cancel orders'],
          ['f', 'Reclaim orders'],
          ['L', 'Set deadline of orders'],
          ['t', 'Tune orders'],
          ['C', 'Recreate orders'],
        ] as const) {
          // Again if it came so soon after an Esc that it was read as Alt and the key.
          await tmux.until(title, () => tmux.type(key));
          await tmux.until('▐Reason', () => tmux.press('Tab'));
          tmux.type('by Xavier, y n q');
          await tmux.until(/▐Reason.*by Xavier, y n q/);
          expect(tmux.screen).toContain(title);
          await tmux.until(/Enter open/, () => tmux.press('Escape'));
        }

        // At reading speed, at full speed, and pasted.
        await tmux.until('Pause orders', () => tmux.type('p'));
        tmux.press('C-u');
        for (const letter of 'by hand') {
          tmux.type(letter);
          await sleep(150);
        }
        tmux.type(', y Xq');
        tmux.paste(', pR y');
        const typed = /▐Reason \(optional\): by hand, y Xq, pR y/;
        await tmux.until(typed);

        // No key of ours, then a letter that shows that all of it has been read.
        for (const name of modified) tmux.press(name);
        for (const report of reports) tmux.bytes(report);
        tmux.type('.');
        await tmux.until(/by hand, y Xq, pR y\./);

        tmux.resize(60, 15);
        await tmux.until(/^ │ ▐Reason \(optional\): by hand, y Xq, pR y\.▏/m);
        tmux.resize(38, 10);
        await tmux.until('terminal too small to act');
        tmux.resize(otherColumns, otherRows);
        await tmux.until(typed);
        tmux.resize(columns, rows);
        // The footer in the last line but one, and the dialog above it.
        await tmux.until(new RegExp(`^(.*\n){${rows - 2}} Tab next field.*\n\n?$`));
        expect(tmux.screen).toMatch(typed);
        expect(await written()).toEqual([]);

        // The database goes away and comes back: the button is disabled, enabled, and then one y is
        // enough.
        tmux.press('Tab');
        await tmux.until('y pause');
        server.signal('SIGKILL');
        await tmux.until('no answer from the database');
        tmux.type('y');
        await server.start();
        await tmux.until('y pause');
        expect(await written()).toEqual([]);
        await tmux.until(/orders: paused before its first partition/, () => {
          if (tmux.screen.includes('y pause')) tmux.type('y');
        });
        expect(await written()).toEqual([{ to_state: 'paused', reason: 'by hand, y Xq, pR y.' }]);
      } finally {
        tmux.call('kill-server');
      }
    },
  );
});
