import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeScene } from '../captures/scene.ts';
import { Backfills, functionHandler, Gate } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { black, contrast, halfway, paletteColor, type Rgb, white } from '../support/contrast.ts';
import { Emulator, type Size } from './emulator.ts';

// Every screen of the installed program, on every kind of terminal and at every size: what must be
// shown, and what must not.

/** A kind of terminal: its environment, its answers, and what may then be written to it. */
type Mode = {
  name: string;
  env: Record<string, string>;
  background: Rgb;
  ascii?: boolean;
  /** The numbers among 256 that a colour may have. */
  colors: (color: number) => boolean;
};

const modes: readonly Mode[] = [
  {
    name: 'dark, all colours',
    env: { COLORTERM: 'truecolor' },
    background: black,
    colors: (color) => color < 16,
  },
  { name: 'NO_COLOR', env: { NO_COLOR: '1' }, background: black, colors: () => false },
  {
    name: 'sixteen colours',
    env: { TERM: 'xterm' },
    background: black,
    colors: (color) => color < 16,
  },
  {
    name: 'ASCII, as the locale C says',
    env: { LANG: 'C' },
    background: black,
    ascii: true,
    colors: (color) => color < 16,
  },
  { name: 'a light background', env: {}, background: white, colors: (color) => color >= 16 },
];

const base: Size = { columns: 120, rows: 40 };
const least: Size = { columns: 40, rows: 12 };
const sizes: readonly Size[] = [
  { columns: 200, rows: 50 },
  { columns: 80, rows: 24 },
  least,
  { columns: 20, rows: 6 },
  base,
];

type Place = {
  name: string;
  /**
   * Keys, each with what the screen then shows, or null: something was written. Keys that a dialog
   * may drop are pressed again.
   */
  go: readonly (readonly [keys: string, then: string | RegExp | null, again?: 'again'])[];
  /** Essential from 80×24 on. */
  facts: readonly (string | RegExp)[];
  /** Essential also on 40×12. */
  few: readonly (string | RegExp)[];
  /** The way out, in the line of keys. */
  out: string;
  list?: boolean;
  covers?: boolean;
};

const enter = '\r';
const esc = '\x1b';
const closed = 'q back';

const places: readonly Place[] = [
  {
    name: 'jobs',
    go: [['1', 'q quit']],
    facts: [/· .*revenue_daily +0\/90 .*BREACHED/, /‖ .*events_raw .*paused/, /\d alerts/],
    few: [/· .*revenue_daily +0\/90 .*BREACHED/, /◌ +clicks +700\/720/],
    out: 'q quit',
    list: true,
  },
  {
    name: 'a job',
    go: [
      ['/', ' / '],
      ['events_raw', '▐ ‖ paused    events_raw'],
      [enter, 'filter: events_raw'],
      [enter, 'HTTP 429'],
    ],
    facts: [/events_raw · ‖ paused · \w{8}/, '38 done · 2 failed · 80 left', 'HTTP 429', '31%'],
    few: [/events_raw · ‖ paused/, '38 done · 2 failed'],
    out: closed,
  },
  {
    name: 'the log of a partition',
    go: [
      [enter, '2024-01-03'],
      ['j', null],
      ['l', 'was told to slow down'],
    ],
    facts: ['Log of 2024-01-03', 'asked for it', 'was told to slow down'],
    few: ['was told to slow down'],
    out: 'Esc close',
  },
  {
    name: 'the SQL panel',
    go: [
      [esc, closed],
      ['s', 'SET app.current_tenant'],
    ],
    facts: ["SET app.current_tenant = 'acme';", 'y copy'],
    few: ["SET app.current_tenant = 'acme';"],
    out: 'Esc close',
  },
  {
    name: 'explain',
    go: [
      [esc, closed],
      ['e', 'scenario'],
    ],
    facts: ['Explain events_raw', 'scenario', 'evidence'],
    few: ['events_raw'],
    out: 'Esc close',
  },
  {
    name: 'a card',
    go: [
      [esc, closed],
      ['X', 'Cancel events_raw'],
    ],
    facts: [
      /Seen {2}(just now|\d+s ago): paused, version/,
      '80 partitions will not run',
      "UPDATE backfill_jobs SET state = 'cancelled'",
      'Reason (required)',
      'Type events_raw:',
      '[ Keep it ]   [ Cancel the job ]',
    ],
    few: ['Cancel events_raw', 'paused, version', 'stop for good', '[ Keep it ]'],
    out: 'Esc to the buttons',
    covers: true,
  },
  {
    name: 'triage',
    go: [
      [esc, closed, 'again'],
      ['3', 'FOUND'],
    ],
    facts: [' 3 Triage ', /Stuck: heartbeat stale > 2m +▲ 1 +sessions, \d+m/, 'escalate'],
    few: [' 3 Triage ', /Stuck: heartbeat stale > 2m +▲ 1/],
    out: closed,
    list: true,
  },
  {
    name: 'the rows of a check',
    go: [
      ['g', /▐ Stuck: heart/],
      [enter, 'HEARTBEAT'],
    ],
    facts: [
      '› Stuck: heartbeat stale > 2m',
      /sessions +running +60\/120 +\d+m/,
      'crashed',
      'f Force',
    ],
    few: ['› Stuck: heartbeat', /sessions +running/],
    out: closed,
    list: true,
  },
  {
    name: 'risk, with a what-if',
    go: [
      ['4', 'WHAT IF'],
      [']', /\[\d+\]/],
    ],
    facts: [' 4 Risk ', /WHAT IF +slots \d+ → \[\d+\]/, /revenue_daily .*BREACHED/],
    few: [' 4 Risk ', /revenue_daily .*BREACHED/],
    out: closed,
    list: true,
  },
  {
    name: 'executors',
    go: [['5', 'alive']],
    facts: [' 5 Executors ', /● alive .*3\/4/, 'runs orders_daily'],
    few: [' 5 Executors ', /● .*3\/4/],
    out: closed,
    list: true,
  },
  {
    name: 'alerts',
    go: [['6', 'ServoBackfill']],
    facts: [' 6 Alerts ', /▲ firing +ServoBackfillJobStuck +critical/],
    few: [' 6 Alerts ', /▲ +JobStuck/],
    out: closed,
    list: true,
  },
  {
    name: 'events',
    go: [['7', 'WHAT HAPPENED']],
    facts: [' 7 Events', /events_raw .*running → paused +mara@ops/],
    few: [' 7 Events', /revenue_mont\S* +waiting/],
    out: closed,
    list: true,
  },
  {
    name: 'help',
    go: [['?', 'Search:']],
    facts: ['Search:', 'next row', /↓ j/],
    few: ['Search:', /↓ +next row/],
    out: 'Esc close',
  },
  {
    name: 'the palette',
    go: [
      [esc, closed],
      [':', 'Palette'],
    ],
    facts: [/job ID +open a job by the beginning of its id/, /quit +quit the console/],
    few: [/job ID +open a/],
    out: 'Esc close',
  },
  {
    name: 'a plan of several jobs',
    go: [
      [esc, closed],
      ['1', 'q quit'],
      [esc, '\n 8 jobs · sorted'],
      ['g', /▐ · pending +revenue_daily/],
      [' ', '1 marked'],
      ['j', /▐ . \w+ +(?!revenue_daily)/],
      [' ', '2 marked'],
      ['X', 'Cancel 2 jobs'],
    ],
    facts: [
      /revenue_daily +\w{8} +pending, version \d+ +→ cancel/,
      'UPDATE backfill_jobs',
      'Reason (required)',
      'Type 2:',
      '[ Leave as is ]',
    ],
    few: ['Cancel 2 jobs', 'Type 2:', '[ Leave as is ]'],
    out: 'Esc to the buttons',
    covers: true,
  },
];

let backfills: Backfills;
const consoles: Emulator[] = [];
const gate = new Gate();

beforeAll(async () => {
  backfills = await Backfills.open();
  const client = await backfills.pool.connect();
  try {
    await makeScene(backfills.database.app, client as never);
  } finally {
    client.release();
  }
  await backfills.rows(
    `update backfill_partitions p set state = 'failed', attempt_count = 3, failure_count = 3, error_message = 'HTTP 429 Too Many Requests'
     from backfill_jobs j where j.id = p.backfill_job_id and j.asset_name = 'events_raw' and partition_key in ('2024-01-03', '2024-01-09')`,
  );
  await backfills.rows(
    `update backfill_jobs set completed_partitions = 38, failed_partitions = 2 where asset_name = 'events_raw'`,
  );
  // The consoles of all modes run at the same time: none may show the dialogs of another.
  await backfills.rows('revoke all on backfill_dialogs from servo_app');
  await backfills.rows(
    `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output)
     select id, '2024-01-03', 3, tenant_id, 'web-1:1:x', E'asked for it\\nwas told to slow down\\n' from backfill_jobs where asset_name = 'events_raw'`,
  );
  await backfills.execute([
    functionHandler('orders_daily', async () => {
      await gate.opened;
      return undefined;
    }),
  ]);
});
afterAll(async () => {
  for (const emulator of consoles) emulator.kill();
  gate.open();
  await backfills.close();
});

test.concurrent.each(modes)('$name: every screen at every size', async (mode) => {
  const console = new Emulator(process.execPath, [binary, '--utc'], base, {
    DATABASE_URL: urlOf(backfills.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
    ...mode.env,
  });
  consoles.push(console);
  if (mode.background === white) {
    await console.until(() => console.output.includes('\x1b]11;?'));
    console.type('\x1b]11;rgb:ffff/ffff/ffff\x1b\\');
  }
  const seen = (what: string | RegExp) => inSigns(mode, what);
  await console.until(seen(/revenue_daily[\s\S]*\d alerts|\d alerts[\s\S]*revenue_daily/));
  for (const place of places) {
    for (const [keys, then, again] of place.go) {
      const before = console.output.length;
      const wanted = then === null ? null : seen(then);
      if (again === undefined) console.type(keys);
      await console.until(
        () => {
          if (wanted === null ? console.output.length > before : console.shows(wanted)) return true;
          if (again !== undefined) console.type(keys);
          return false;
        },
        again === undefined ? 10 : 400,
      );
    }
    for (const size of sizes) {
      const before = console.output.length;
      console.resize(size);
      await console.until(() => console.output.indexOf(`\x1b[${size.rows};1H\x1b[2K`, before) >= 0);
      let wrong: string[] = [];
      await console
        .until(() => {
          wrong = problems(console, mode, place, size);
          return wrong.length === 0;
        })
        .catch(() => {
          const at = `${mode.name}, ${place.name} at ${size.columns}×${size.rows}`;
          throw new Error(`${at}: ${wrong.slice(0, 6).join('; ')}\n${console.screen}`);
        });
    }
  }
  expect(wronglyWritten(console.output, mode)).toEqual([]);
});

function problems(console: Emulator, mode: Mode, place: Place, size: Size): string[] {
  const { lines } = console;
  const wrong: string[] = [];
  const whole = size.columns >= 80;
  const facts = whole ? place.facts : size.columns >= least.columns ? place.few : [];
  for (const fact of facts) {
    const wanted = inSigns(mode, fact);
    if (!console.shows(wanted)) wrong.push(`no ${wanted}`);
  }
  if (lines.every((line) => line === '')) wrong.push('nothing is shown');
  if (lines.at(-1) !== '') wrong.push('the last line is not free');
  if (console.isWrapped) wrong.push('a line is wrapped');
  if (facts.length > 0 && !(place.covers && !whole) && !lines.at(-2)!.includes(place.out))
    wrong.push(`the keys do not say ${place.out}`);
  const rows = lines.map((_, row) => console.cells(row));
  const under = rows.filter((cells) => cells[0]?.text === (mode.ascii ? '>' : '▐'));
  if (place.list && !under.some((cells) => cells.some(({ inverse }) => inverse)))
    wrong.push('no row stands out');
  for (const { text, color, background, dim, inverse } of rows.flat()) {
    if (text.trim() === '') continue;
    const at = `"${text}" in ${color} on ${background}`;
    for (const used of [color, background]) {
      if (used !== null && (used === 'rgb' || !mode.colors(used))) wrong.push(at);
    }
    if (color === 'rgb' || background === 'rgb') continue;
    const ground = background === null ? mode.background : paletteColor(background);
    const other = mode.background === white ? black : white;
    const full = color === null ? other : paletteColor(color);
    const shown = dim && !inverse ? halfway(full, ground) : full;
    if (contrast(shown, ground) < 3) wrong.push(`${at} cannot be read`);
  }
  return [...new Set(wrong)];
}

/** What must not be among all that was written. */
function wronglyWritten(output: string, mode: Mode): string[] {
  const forbidden: [string, RegExp][] = [
    ['the screen or what has scrolled away is cleared', /\x1b\[[23]?J|\x1bc/],
    ...(mode.ascii ? [['a sign outside ASCII', /[^\0-\x7f]/] as [string, RegExp]] : []),
  ];
  const styles = [...output.matchAll(/\x1b\[([\d;]*)m/g)].map(([, codes = '']) => codes);
  const colored = /(?:^|;)(?:3[0-8]|4[0-8]|9\d|10\d)(?:;|$)/;
  const deep = /(?:^|;)[34]8(?:;|$)/;
  return [
    ...forbidden.flatMap(([what, form]) => (form.test(output) ? [what] : [])),
    ...styles.filter(
      (codes) =>
        (mode.name === 'NO_COLOR' && colored.test(codes)) ||
        (mode.env.TERM === 'xterm' && deep.test(codes)),
    ),
  ];
}

function inSigns({ ascii }: Mode, what: string | RegExp): string | RegExp {
  const signs: Record<string, string> = {
    '·': '.',
    '▐': '>',
    '‖': '=',
    '▲': '^',
    '●': '*',
    '◌': 'o',
    '▸': '>',
    '→': '>',
    '›': '>',
    '↓': 'v',
    '…': '~',
  };
  const replaced = (text: string, spelled: (sign: string) => string) =>
    text.replace(/[^\0-\x7f]/g, (sign) => spelled(signs[sign] ?? sign));
  if (!ascii) return what;
  return typeof what === 'string'
    ? replaced(what, (sign) => sign)
    : new RegExp(
        replaced(what.source, (sign) => sign.replace(/[.^*>=]/g, '\\$&')),
        what.flags,
      );
}
