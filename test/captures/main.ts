import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient, withServer } from '../benchmarks/server.ts';
import { urlOf } from '../support/environment.ts';
import { binary, handlerDirectory, Worker } from '../support/worker.ts';
import { Emulator } from '../terminal/emulator.ts';
import { handlers, makeScene, tenant } from './scene.ts';

/** What is pressed, one key after the other, and what must then be on the screen. */
type Capture = { title: string; says: string; keys: readonly string[]; until: string | RegExp };

const enter = '\r';
const esc = '\x1b';

const captures: readonly Capture[] = [
  {
    title: 'Jobs',
    says: 'What needs attention stands first: a missed deadline, a stale heartbeat (`14m!`), an ETA past the deadline.',
    keys: ['1'],
    until: /orders_daily .*\d+\.?\d* /,
  },
  {
    title: 'Job',
    says: '`Enter` on a row: figures, the partition map (a calendar for daily keys), failures by kind, the journal.',
    keys: ['/', 'orders', enter, enter],
    until: /source differs/,
  },
  {
    title: 'A write: the intent card',
    says: 'What was seen, what will happen, when it is done before and after, whom it costs; nothing is sent before `y`.',
    keys: ['p'],
    until: 'UPDATE backfill_jobs',
  },
  {
    title: 'Triage',
    says: "Every check of the runbooks, with the runbook's own SQL behind it.",
    keys: [esc, esc, '3'],
    until: /sessions, 1\dm/,
  },
  {
    title: 'A check',
    says: '`Enter` on a check: its rows, what the runbook says they mean, and its remedies as keys.',
    keys: ['g', enter],
    until: 'crashed',
  },
  {
    title: 'Risk',
    says: 'The severity calculator, and what-if before anything is touched.',
    keys: ['4'],
    until: 'BREACHED',
  },
  {
    title: 'Executors',
    says: 'Who is alive, and what each of them runs.',
    keys: ['5'],
    until: /runs orders_daily/,
  },
  { title: 'Alerts', says: "The runbooks' alerts by name.", keys: ['6'], until: /ServoBackfill/ },
  {
    title: 'Events',
    says: 'The journal of all jobs, live.',
    keys: ['7'],
    until: /database maintenance/,
  },
  {
    title: 'Explain',
    says: '`e` walks the runbooks for one job: scenario, evidence, what to do, whom to tell. Enter opens the card of what is recommended.',
    keys: ['1', '/', '\x15', 'sessions', enter, 'e'],
    until: 'scenario',
  },
  {
    title: 'Several jobs at once',
    says: 'Marked with Space, by `v` or by `*`; the plan says what will be done to each, and what not.',
    keys: [esc, esc, 'g', ' ', 'j', ' ', 'j', ' ', 'X'],
    until: /Type 3/,
  },
  {
    title: 'Palette',
    says: '`:` reaches everything by its name; `tenant ` and `context ` list what can be switched to.',
    keys: [esc, esc, 'U', ':', 'paus'],
    until: 'pause',
  },
  {
    title: 'Help',
    says: 'Made from the keymap, in groups; the last line has the selected key in full.',
    keys: [esc, esc, '?'],
    until: 'Search',
  },
];

const size = { columns: 120, rows: 36 };

await withServer(async ({ superuser, app }) => {
  await withClient(superuser, (client) => makeScene(app, client));
  const folder = mkdtempSync(join(tmpdir(), 'servo-tui-captures-'));
  mkdirSync(join(folder, 'servo-tui'));
  writeFileSync(
    join(folder, 'servo-tui', 'config.toml'),
    `[prod]\ndatabase_url = "${urlOf(app)}"\ntenant = "${tenant}"\n`,
  );
  const worker = await new Worker(app, tenant, [
    '--handlers',
    handlerDirectory(handlers),
    '--slots',
    '8',
  ]).started();
  const emulator = new Emulator(process.execPath, [binary, '--context', 'prod', '--utc'], size, {
    XDG_CONFIG_HOME: folder,
  });
  try {
    await emulator.until(/orders_daily .*[1-9]\d\/366/);
    const parts: string[] = [];
    for (const { title, says, keys, until } of captures) {
      for (const key of keys) {
        emulator.type(key);
        // Two keys in one read are a flood of typing, not two presses.
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      await emulator.until(until);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      parts.push(`## ${title}\n\n${says}\n\n\`\`\`\n${emulator.screen.trimEnd()}\n\`\`\`\n`);
    }
    writeFileSync(
      'docs/console.md',
      `# The console, screen by screen\n\nCaptures of the running program at ${size.columns}×${size.rows}, made by \`npm run captures\` from a database with a bad night in it.\n\n${parts.join('\n')}`,
    );
  } finally {
    emulator.kill();
    await worker.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});
