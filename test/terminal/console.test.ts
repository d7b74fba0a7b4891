import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { reports } from '../support/terminal-input.ts';
import { bundleFixture, Emulator, isAlive, linesOfFile, type Size } from './emulator.ts';

const small: Size = { columns: 80, rows: 24 };
const large: Size = { columns: 200, rows: 50 };

let fixture: string;
let journal: string;
let running: Emulator[] = [];

beforeAll(async () => {
  fixture = await bundleFixture();
});
afterEach(() => {
  for (const emulator of running) emulator.kill();
  running = [];
});
afterAll(() => rmSync(dirname(fixture), { recursive: true, force: true }));

/** The fixture in a terminal; `loads()` counts the readings of its database. */
function start(scenario: string, size: Size, env: Record<string, string> = {}) {
  journal = join(mkdtempSync(join(dirname(fixture), 'run-')), 'journal');
  const args = [fixture, ...scenario.split(' ')];
  const emulator = new Emulator(process.execPath, args, size, { FIXTURE_JOURNAL: journal, ...env });
  running.push(emulator);
  return emulator;
}

/** The same under a shell that remains, and prints how the terminal was left. */
function startUnderShell(scenario: string, size: Size) {
  journal = join(mkdtempSync(join(dirname(fixture), 'run-')), 'journal');
  const script = `"${process.execPath}" "${fixture}" ${scenario}; echo "code=$?"; stty -a; echo back-in-shell; read line`;
  const emulator = new Emulator('/bin/sh', ['-c', script], size, { FIXTURE_JOURNAL: journal });
  running.push(emulator);
  return emulator;
}

const asked = (what: string) => linesOfFile(journal).filter((line) => line.startsWith(what)).length;
const pidOfFixture = () =>
  Number(
    linesOfFile(journal)
      .find((line) => line.startsWith('pid '))
      ?.slice(4),
  );

const hasTmux = () => spawnSync('tmux', ['-V']).status === 0;

/** Everything but the first frame, which may clear the screen. */
const clears = (output: string) => output.match(/\x1b\[[23]J|\x1bc/g) ?? [];

describe.each([
  ['80×24', small],
  ['200×50', large],
])('at %s', (_, size) => {
  test('the whole screen is there, in one line per job, and nothing clears it', async () => {
    const console = await start('varied', size).until('Enter open');
    await console.until('▐ ·');
    for (const name of ['revenue_daily', 'weather_hourly', '売上集計_日次', 'births_monthly']) {
      // What stands beside the table is of the selected job.
      const rows = console.lines.map((line) => line.split('│')[0]!);
      expect(rows.filter((line) => line.includes(name))).toHaveLength(1);
    }
    expect(console.lines[0]).toMatch(
      /^ servo-tui · warehouse \/ acme · (RW|read-write) .*\b1 breached {2}2 at risk$/,
    );
    expect(console.lines.at(-1)).toBe('');
    console.type('jj?');
    await console.until('Search:');
    console.type('\x1b');
    await console.until(() => !console.screen.includes('Search:'));
    console.type('\r');
    await console.until('1 cell =');
    expect(clears(console.output)).toEqual([]);
  });

  test('a resize lays it out again, without clearing', async () => {
    const console = await start('varied', size).until('Enter open');
    for (const columns of [100, 60, 140, 90]) console.resize({ columns, rows: 30 });
    await console.until(() => (console.lines[0]?.length ?? 0) === 89);
    await console.until(() => console.lines[28]?.startsWith(' Enter open') === true);
    expect(clears(console.output)).toEqual([]);
  });
});

describe('acting', () => {
  const onRunningJob = async () => {
    const console = await start('live', small).until('▐');
    console.type('/orders_d\r');
    return console.until('filter: orders_d');
  };

  test('p, and y once the card has been seen: paused, when the database says so', async () => {
    const console = await onRunningJob();
    console.type('p');
    await console.until('Pause orders_daily');
    await console.confirm(() => asked('act pause') === 1);
    await console.until(/orders_daily: paused at \d{4}/);
  });

  test('m, and the job is paused: the bell, and a notification by OSC 9', async () => {
    const console = await onRunningJob();
    console.type('m');
    await console.until('following orders_daily');
    console.type('p');
    await console.until('Pause orders_daily');
    await console.confirm(() => asked('act pause') === 1);
    await console.until(() =>
      /\x07\x1b\]9;servo-tui: orders_daily \w+: running → paused\x07/.test(console.output),
    );
    expect(console.screen).toContain('♪');
  });

  test('typed ahead, the same keys do nothing', async () => {
    const console = await onRunningJob();
    console.type('pyyy');
    await console.until('Pause orders_daily');
    const loads = asked('load');
    await console.until(() => asked('load') > loads + 3);
    expect(asked('act')).toBe(0);
    expect(console.screen).toContain('Pause orders_daily');
  });

  test('pasted, they do nothing either', async () => {
    const console = await onRunningJob();
    console.type('\x1b[200~pyXq\r\x1b[201~');
    const loads = asked('load');
    await console.until(() => asked('load') > loads + 3);
    expect(console.screen).not.toContain('Pause orders_daily');
    expect(console.exitCode).toBeNull();
  });
});

describe('the database goes away and comes back', () => {
  test('a banner with the age of the data, then none', async () => {
    const console = await start('varied', small).until('▐');
    process.kill(pidOfFixture(), 'SIGUSR2');
    await console.until(/data is \d+s old · retrying · connection refused/);
    expect(console.screen).toContain('revenue_daily');
    process.kill(pidOfFixture(), 'SIGUSR2');
    await console.until(() => !console.screen.includes('retrying'));
  });
});

test('nothing is written while nothing changes', async () => {
  const console = await start('varied', large).until(/│ Events \d/);
  const loads = asked('load');
  await console.until(() => asked('load') > loads + 2);
  const written = console.output.length;
  await console.until(() => asked('load') > loads + 8);
  expect(console.output.slice(written)).toBe('');
});

describe('the environment', () => {
  test('with CI set it draws all the same', async () => {
    await start('varied', small, { CI: 'true', CONTINUOUS_INTEGRATION: '1' }).until('Enter open');
  });

  test('with NO_COLOR there is no colour, and the selection is still inverse', async () => {
    const console = await start('varied', small, { NO_COLOR: '1' }).until('▐');
    expect(console.output).not.toMatch(/\x1b\[[\d;]*(?:3[0-7]|9[0-7])m/);
    expect(console.output).toMatch(/\x1b\[(?:[\d;]*;)?7m/);
  });

  test('in ASCII mode nothing else reaches the terminal', async () => {
    const console = await start('varied ascii', small).until('Enter open');
    await console.until('> .');
    expect(console.screen).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('the terminal is restored on every way out', () => {
  const restored = async (console: Emulator, code: number) => {
    await console.until('back-in-shell');
    expect(console.screen).toContain(`code=${code}`);
    expect(console.inAlternateScreen).toBe(false);
    expect(console.pasteIsBracketed).toBe(false);
    expect(console.cursorIsShown).toBe(true);
    expect(console.screen).toMatch(/[^-]icanon/);
    expect(console.screen).toMatch(/[^-]echo\b/);
    expect(console.screen).not.toContain('servo-tui ·');
  };
  const started = async (scenario = 'varied') => {
    // The accidents happen when a job is opened: a wide screen opens the first one beside the table.
    const size = scenario === 'varied' ? large : small;
    const console = await startUnderShell(scenario, size).until('Enter open');
    expect(console.inAlternateScreen).toBe(true);
    expect(console.pasteIsBracketed).toBe(true);
    return console;
  };

  test('q', async () => {
    const console = await started();
    console.type('q');
    await restored(console, 0);
  });

  test('q while a question was open kept asking for ever, and the process alive', async () => {
    const console = await start('varied slow linger', small).until('▐ ·');
    console.type('q');
    await console.until(() => console.exitCode !== null);
    expect(console.exitCode).toBe(0);
  });

  test('Ctrl-C', async () => {
    const console = await started();
    console.type('\x03');
    await restored(console, 130);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('%s', async (signal, code) => {
    const console = await started();
    process.kill(pidOfFixture(), signal);
    await restored(console, code);
  });

  test('a crash, which is reported afterwards', async () => {
    const console = await started('crash');
    console.type('\r');
    await restored(console, 1);
    expect(console.screen).toContain('the fixture crashed');
  });

  test('an unhandled rejection', async () => {
    const console = await started('reject');
    console.type('\r');
    await restored(console, 1);
    expect(console.screen).toContain('the fixture rejected');
  });

  test('process.exit from anywhere', async () => {
    const console = await started('exit');
    console.type('\r');
    await restored(console, 7);
  });

  test('a window that is closed: it ends and does not linger', async () => {
    const console = await start('varied', small).until('Enter open');
    const pid = pidOfFixture();
    console.hangUp();
    await console.until(() => !isAlive(pid));
  });
});

test('B12: the terminal’s cursor stands on the caret, with wide characters too, and nowhere else', async () => {
  const console = await start('varied', small).until('▐ ·');
  expect(console.afterCursor).toBeNull();
  console.type('/');
  await console.until(() => console.afterCursor?.startsWith('▏') === true);
  console.type('売上x');
  await console.until(/ \/ 売上x▏/);
  console.type('\x1b[D');
  await console.until(() => /^x /.test(console.afterCursor ?? ''));
  console.type('\x1b[D');
  await console.until(() => console.afterCursor?.startsWith('上x') === true);
  console.type('\r');
  await console.until(() => console.afterCursor === null);
});

describe('B10: a terminal that stops reading', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s is obeyed all the same', async (signal, code) => {
    const console = await start('busy', large, { FIXTURE_INTERVAL: '20' }).until('▐ ●');
    const pid = pidOfFixture();
    console.stopReading();
    // More paints than a pseudo-terminal buffers.
    for (let size = 0; size < 60; size += 1) {
      console.resize({ columns: 150 + size, rows: 50 });
      const before = asked('load');
      await console.until(() => asked('load') > before, 5);
    }
    process.kill(pid, signal);
    await console.until(() => !isAlive(pid));
    console.readOn();
    await console.until(() => console.exitCode !== null);
    expect(console.exitCode).toBe(code);
  });
});

describe('B1: what a terminal sends of itself', () => {
  test('ended the console at 16 of these, and acted at others: nothing happens, in a field neither', async () => {
    const console = await start('varied', small).until('▐ ·');
    const before = console.lines.slice(1, 20);
    for (const report of reports) {
      console.type(report);
      // One by one, so that each begins a read.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    console.type('/');
    await console.until(/ \/ /);
    for (const report of reports) console.type(report);
    console.type('x');
    await console.until(/ \/ x/);
    console.type('\x1b');
    await console.until('▐ ·');
    await console.until('Enter open');
    expect(console.lines.slice(1, 20)).toEqual(before);
    expect(console.exitCode).toBeNull();
    expect(asked('act')).toBe(0);
  });

  // In one read it was always the arrow: several turns, each on an idle console.
  test('an arrow that the line cuts in two is the arrow, and → opened Recreate by its C', async () => {
    const console = await start('varied', small).until('Enter open');
    await console.until('▐ ·');
    const selected = () => console.lines.findIndex((line) => line.startsWith('▐'));
    const first = selected();
    const pressed = async (final: string) => {
      for (const piece of ['\x1b', '[', final]) {
        const loads = asked('load');
        console.type(piece);
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (piece !== final) continue;
        await console.until(() => asked('load') > loads);
      }
    };
    for (let turn = 0; turn < 4; turn += 1) {
      await pressed('C');
      expect(console.screen).not.toContain('Recreate');
      await pressed(turn % 2 === 0 ? 'B' : 'A');
      await console.until(() => selected() === first + ((turn + 1) % 2));
    }
  });

  test('modes that others left on are switched off: mouse, focus, other encodings of keys', async () => {
    const left = '\\033[?1000;1002;1003;1004;1006h\\033[?1h';
    const script = `printf '${left}'; exec "${process.execPath}" "${fixture}" varied`;
    const console = new Emulator('/bin/sh', ['-c', script], small, {});
    running.push(console);
    await console.until('▐ ·');
    expect(console.modes).toMatchObject({
      mouseTrackingMode: 'none',
      sendFocusMode: false,
      applicationCursorKeysMode: false,
    });
  });

  test.skipIf(!hasTmux())(
    'in tmux with focus events, going to another pane and back did sort the other way',
    async () => {
      const folder = mkdtempSync(join(dirname(fixture), 'tmux-'));
      const tmux = (...args: string[]) =>
        execFileSync('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
          encoding: 'utf8',
          env: { ...process.env, TMUX: '', TERM: 'xterm-256color' },
        });
      try {
        tmux('new-session', '-d', '-x', '120', '-y', '40', 'exec sleep 600');
        tmux('set-option', '-g', 'focus-events', 'on');
        tmux('split-window', '-t', ':0.0', `exec "${process.execPath}" "${fixture}" varied`);
        const screen = () => tmux('capture-pane', '-p', '-t', ':0.1');
        const client = new Emulator('tmux', ['-S', join(folder, 'socket'), 'attach'], large, {});
        running.push(client);
        await client.until(/SLA +PRI/);
        // Another program switches the reports on while the console has the pane.
        const of = (format: string) => tmux('display-message', '-p', '-t', ':0.1', format).trim();
        writeFileSync(of('#{pane_tty}'), '\x1b[?1004h\x1b]2;reports on\x1b\\');
        await client.until(() => of('#{pane_title}') === 'reports on');
        // The pane beside the table is drawn later than the table.
        await client.until(() => /Events \d/.test(screen()));
        const sorted = screen();
        // After each turn: an order inverted twice is the old one.
        for (let turn = 0; turn < 4; turn += 1) {
          tmux('select-pane', '-t', ':0.0');
          tmux('select-pane', '-t', ':0.1');
          client.type('?');
          await client.until('Search:');
          client.type('\x1b');
          await client.until(() => !screen().includes('Search:'));
          await client.until(() => screen() === sorted);
        }
      } finally {
        tmux('kill-server');
      }
    },
  );
});

test('Ctrl-Z gives the terminal back, and fg brings the console back as it was', async () => {
  journal = join(mkdtempSync(join(dirname(fixture), 'run-')), 'journal');
  const console = new Emulator('/bin/bash', ['--norc', '--noprofile', '-i'], small, {
    FIXTURE_JOURNAL: journal,
    PS1: 'ready> ',
  });
  running.push(console);
  await console.until('ready>');
  console.type(`"${process.execPath}" "${fixture}" varied\r`);
  await console.until('Enter open');
  console.type('\x1a');
  await console.until(/Stopped/);
  expect(console.inAlternateScreen).toBe(false);
  // bash's own prompt has bracketed paste on.
  console.type('fg\r');
  await console.until('Enter open');
  expect(console.inAlternateScreen).toBe(true);
  console.type('j');
  await console.until(/▐ ● sessions/);
  // While the shell has the terminal, only the shell gets a resize.
  console.type('\x1a');
  await console.until(() => !console.inAlternateScreen);
  console.resize({ columns: 60, rows: 20 });
  console.type('fg\r');
  await console.until(() => console.lines[18]?.startsWith(' Enter open') === true);
  expect(console.isWrapped).toBe(false);
  console.type('q');
  await console.until(() => !console.inAlternateScreen);
});
