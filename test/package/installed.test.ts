import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentOf, environment, urlOf } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { handlerDirectory } from '../support/worker.ts';
import { Emulator } from '../terminal/emulator.ts';

// What a user gets: the tarball, installed by npm into an empty folder, without the optional server.

const root = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** Not for us to install: what their packages ask for in a `try`, or when told to. */
const optional = ['bufferutil', 'utf-8-validate', 'pg-native', 'react-devtools-core'];

let folder: string;
let program: string;
let handlers: string;
let database: TestDatabase;

function npm(...args: string[]): string {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  return execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio });
}

function pack(source: string): string {
  const packed = npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder, source);
  return join(folder, JSON.parse(packed)[0].filename);
}

const variables = (login = database.app) => ({ DATABASE_URL: urlOf(login), TENANT_ID: 'acme' });

function servo(args: string[], env: Record<string, string> = variables()): string {
  return execFileSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: environment(env),
  });
}

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  folder = mkdtempSync(join(tmpdir(), 'servo-installed-'));
  handlers = handlerDirectory({
    'by_sql.sql': 'select $1::date;',
    'by_module.mjs': 'export default async ({ partition_key, log }) => log(partition_key);',
    by_program: '#!/bin/sh\ntest "$SERVO_ASSET" = by_program\n',
  });
  // The dependencies as they are here, so that no registry is asked.
  const dependencies = Object.keys(manifest.dependencies);
  const tarballs = [root, ...dependencies.map((name) => join(root, 'node_modules', name))].map(
    pack,
  );
  const quiet = ['--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
  npm('install', '--omit=optional', ...quiet, ...tarballs);
  program = join(folder, 'node_modules', 'servo-tui', 'bin', 'servo-tui.js');
});
afterAll(async () => {
  for (const path of [folder, handlers]) rmSync(path, { recursive: true, force: true });
  await database.drop();
});

/** The packages that the bundle's files load from the disk, by the bundler's own account. */
async function externals(): Promise<string[]> {
  const script = new URL('../../scripts/bundle.js', import.meta.url).href;
  const { bundling, program } = (await import(script)) as Record<string, BuildOptions>;
  const thread = { ...bundling, entryPoints: ['source/handlers/module-thread.ts'] };
  const metafiles = await Promise.all(
    [program, thread].map(async (options) => {
      const built = await build({ ...options, outdir: 'dist', write: false, metafile: true });
      return built.metafile;
    }),
  );
  const imports = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => output.imports),
  );
  const names = imports.filter(({ external }) => external).map(({ path }) => path);
  return [...new Set(names)].filter((name) => !builtinModules.includes(name.replace('node:', '')));
}

test('D: what is installed is what the bundle loads, and nothing else', async () => {
  const loaded = (await externals()).filter((name) => !optional.includes(name)).sort();
  expect(Object.keys(manifest.dependencies).sort()).toEqual(loaded);
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => name[0] !== '.');
  expect(installed.sort()).toEqual(['servo-tui', ...loaded].sort());
});

test('D: the installed program migrates, starts jobs, runs each kind of handler and shows them', async () => {
  expect(servo(['--version'], {})).toMatch(`${manifest.version} (build `);
  expect(servo(['--help'], {})).toContain('servo-tui migrate');
  servo(['migrate'], variables(database.superuser));
  servo(['assets', 'sync', '--handlers', handlers]);
  const range = ['--start', '2024-01-01', '--end', '2024-01-03', '--json'];
  const assets = ['by_sql', 'by_module', 'by_program'];
  const jobs = assets.map((asset) => documentOf('start', servo(['start', asset, ...range])).job.id);
  const worker = spawn(process.execPath, [program, '--worker', '--handlers', handlers], {
    cwd: folder,
    env: environment(variables()),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  worker.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = once(worker, 'exit');
  try {
    for (const id of jobs) {
      const last = servo(['status', id, '--watch', '--json']).trim().split('\n').at(-1)!;
      const { state, completed_partitions } = JSON.parse(last).job;
      expect([state, completed_partitions], log).toEqual(['completed', 3]);
    }
  } finally {
    worker.kill('SIGTERM');
  }
  expect(await ended, log).toEqual([0, null]);

  const size = { columns: 120, rows: 40 };
  const console = new Emulator(process.execPath, [program], size, variables());
  try {
    for (const asset of assets) await console.until(asset);
    console.type('q');
    await console.until(() => console.exitCode !== null);
    expect(console.exitCode).toBe(0);
  } finally {
    console.kill();
  }
}, 120_000);
