// Runs the demonstration without a terminal and checks its report against the published files,
// which are summed up here independently.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(tmpdir(), `servo-tui-headless-demo-${process.pid}`);

/** In its own embedded database: a demonstration may be running in the user's. */
function servo(...args) {
  return spawnSync(process.execPath, [join(root, 'bin', 'servo-tui.js'), ...args], {
    env: { ...process.env, SERVO_EMBEDDED_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 300_000,
  });
}

function read(file) {
  const lines = readFileSync(join(root, 'data', file), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  return new Map(
    lines.map((line) => {
      const [year, month, day, , births] = line.split(',').map(Number);
      return [year * 10_000 + month * 100 + day, births];
    }),
  );
}

function expected() {
  const cdc = read('us-births-cdc-nchs-1994-2003.csv');
  const ssa = read('us-births-ssa-2000-2014.csv');
  const reconciled = new Map([...cdc, ...ssa]);
  const both = [...cdc.keys()].filter((day) => ssa.has(day));
  const apart = both.filter((day) => Math.abs(ssa.get(day) - cdc.get(day)) / cdc.get(day) > 0.03);
  const months = new Set([...reconciled.keys()].map((day) => Math.floor(day / 100)));
  const total = [...reconciled.values()].reduce((sum, births) => sum + births, 0);
  const grouped = (count) => count.toLocaleString('en');
  const done = (count, of = count) => `${grouped(count)}/${grouped(of)}`;
  return [
    new RegExp(`^births_daily +completed +${done(reconciled.size)} +100 %`, 'm'),
    new RegExp(
      `^births_agreement +failed +${done(both.length - apart.length, both.length)} +99 % +${apart.length} failed`,
      'm',
    ),
    new RegExp(`^births_monthly +completed +${done(months.size)} +100 %`, 'm'),
    new RegExp(
      `^births_daily: total of the reconciled days +${grouped(total)} +as published$`,
      'm',
    ),
    new RegExp(`^births_monthly: total +${grouped(total)} +as published$`, 'm'),
  ];
}

const started = performance.now();
const demo = servo('demo');
const reset = servo('embedded', 'reset', '--yes');
rmSync(home, { recursive: true, force: true });

const missing = expected().filter((line) => !line.test(demo.stdout));
if (demo.status !== 0 || missing.length > 0 || reset.status !== 0) {
  console.error(demo.stdout, demo.stderr, reset.stderr);
  console.error(
    `headless demo: exit ${demo.status ?? demo.signal}; reset: exit ${reset.status ?? reset.signal}`,
  );
  for (const line of missing) console.error(`not in the report: ${line}`);
  process.exit(1);
}
console.log(
  `headless demo: exit 0, totals as published, ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
