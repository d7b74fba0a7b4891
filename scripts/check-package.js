// Packs the package, installs the tarball into a clean folder and runs it with each supported Node,
// fetched by npx: `npm run check:package [-- 22 24]`. In a new embedded database, one job per kind
// of handler must complete, and the console must show it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn as spawnPty } from '@lydell/node-pty';

const root = fileURLToPath(new URL('..', import.meta.url));
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
// Not mkdtemp: as root, the server runs as another user, who must be able to enter the folder.
const folder = join(tmpdir(), `servo-tui-package-${process.pid}`);
const prefix = join(folder, 'prefix');
const handlers = join(folder, 'handlers');
const environment = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS ?? '',
  XDG_CONFIG_HOME: join(folder, 'config'),
  SERVO_EMBEDDED: '1',
  SERVO_EMBEDDED_HOME: join(folder, 'server'),
};

function run(command, args, options = {}) {
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000, ...options });
  if (ran.status === 0) return ran.stdout;
  throw new Error(
    `${command} ${args.join(' ')}: exit ${ran.status ?? ran.signal}\n${ran.stdout}${ran.stderr}`,
  );
}

function writeHandlers() {
  mkdirSync(handlers, { recursive: true });
  const write = (name, text, mode) => writeFileSync(join(handlers, name), text, { mode });
  write('by_sql.sql', 'select $1::date;\n', 0o644);
  write(
    'by_module.mjs',
    'export default async ({ partition_key, log }) => log(partition_key);\n',
    0o644,
  );
  write('by_program', '#!/bin/sh\ntest "$SERVO_ASSET" = by_program\n', 0o755);
  return ['by_sql', 'by_module', 'by_program'];
}

/** Runs the program with Node `version`. */
function programFor(version) {
  const node = run('npx', [
    '--yes',
    '-p',
    `node@${version}`,
    'node',
    '-p',
    'process.execPath',
  ]).trim();
  const script = join(prefix, 'lib/node_modules/servo-tui/bin/servo-tui.js');
  return {
    servo: (...args) => run(node, [script, ...args], { env: environment, cwd: folder }),
    executor: () =>
      spawn(node, [script, '--worker', '--handlers', handlers], {
        env: environment,
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    console: () =>
      spawnPty(node, [script], {
        env: { ...environment, TERM: 'xterm-256color' },
        cwd: folder,
        cols: 120,
        rows: 40,
      }),
    name: run(node, ['--version']).trim(),
  };
}

async function check(version, assets) {
  const program = programFor(version);
  program.servo('assets', 'sync', '--handlers', handlers);
  const range = ['--start', '2024-01-01', '--end', '2024-01-31', '--json'];
  const jobs = assets.map((asset) => JSON.parse(program.servo('start', asset, ...range)).job.id);
  await work(program, jobs);
  await look(program, assets);
  console.log(`${program.name}: ${assets.join(', ')} done, and seen in the console`);
}

async function work({ servo, executor, name }, jobs) {
  const running = executor();
  let log = '';
  running.stderr.on('data', (chunk) => (log += chunk));
  const ended = new Promise((resolve) => running.once('close', (code) => resolve(code)));
  const wrong = [];
  for (const id of jobs) {
    const last = servo('status', id, '--watch', '--json').trim().split('\n').at(-1);
    const { asset_name, state, completed_partitions } = JSON.parse(last).job;
    if (state !== 'completed' || completed_partitions !== 31)
      wrong.push(`${asset_name} is ${state}, ${completed_partitions}/31`);
  }
  running.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) wrong.push(`the executor ended with ${code}`);
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.join('; ')}\n${log}`);
}

/** The console must show the jobs, and quit at `q`. */
async function look({ console: open, name }, assets) {
  const terminal = open();
  let screen = '';
  let asked = false;
  terminal.onData((text) => {
    screen += text;
    if (asked || !assets.every((asset) => screen.includes(asset))) return;
    asked = true;
    terminal.write('q');
  });
  const late = setTimeout(() => terminal.kill('SIGKILL'), 60_000);
  const code = await new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  clearTimeout(late);
  if (!asked || code !== 0) throw new Error(`${name}: the console ended with ${code}\n${screen}`);
}

mkdirSync(folder, { recursive: true });
try {
  const [{ filename, size }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
  );
  run('npm', ['install', '--global', '--prefix', prefix, join(folder, filename)], { cwd: folder });
  const bin = readdirSync(join(prefix, 'bin'));
  if (bin.join() !== 'servo-tui') throw new Error(`bin holds ${bin}`);
  console.log(`${filename}: ${(size / 2 ** 20).toFixed(1)} MiB, installed into a clean folder`);
  const assets = writeHandlers();
  for (const version of versions) await check(version, assets);
} finally {
  spawnSync(join(prefix, 'bin/servo-tui'), ['embedded', 'reset', '--yes'], { env: environment });
  rmSync(folder, { recursive: true, force: true });
}
