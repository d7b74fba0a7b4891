import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { buildId } from '../../scripts/build-id.js';
import { ownFunctions, ownMigrations, ownSteps } from '../../source/database/schema-version.ts';
import { documentOf, environment, urlOf } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const root = resolve(import.meta.dirname, '../..');
let folder: string;
/** The package as it is unpacked, with the dependencies that npm would put beside it. */
let unpacked: string;
let files: string[];
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  folder = mkdtempSync(join(tmpdir(), 'servo-package-'));
  // What the package is made of is built already: prepack would build it again under other tests.
  const packed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  execFileSync('tar', ['xzf', join(folder, JSON.parse(packed)[0].filename), '-C', folder]);
  unpacked = join(folder, 'package');
  files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1));
  symlinkSync(join(root, 'node_modules'), join(unpacked, 'node_modules'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

test('holds what the program, its databases and its hosts need', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'package.json',
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'LICENSE',
      'bin/servo-tui.js',
      'dist/cli.js',
      'dist/module-thread.js',
      'dist/json-schema.json',
      'dist/THIRD-PARTY-LICENSES.txt',
      'data/tables.sql',
      'deploy/servo-alerts.yaml',
      'deploy/servo-backfill-operations.json',
      'deploy/servo-tui-worker.service',
      'deploy/Containerfile',
      'docs/monitoring.md',
      'docs/runbooks/backfill-operations.md',
      ...ownMigrations().map((name) => `migrations/${name}.sql`),
      ...ownFunctions().map(({ name }) => `migrations/functions/${name}`),
    ]),
  );
});

test('holds nothing else', () => {
  const kinds = [
    /^(package\.json|README\.md|CONTRIBUTING\.md|CHANGELOG\.md|LICENSE)$/,
    /^bin\/servo-tui\.js$/,
    /^dist\/[\w.-]+\.js$/,
    /^dist\/(json-schema\.json|THIRD-PARTY-LICENSES\.txt)$/,
    /^migrations\/(\d{4}_|functions\/)[\w-]+\.sql$/,
    /^data\/(README\.md|tables\.sql|[\w-]+\.csv|handlers\/[\w-]+\.(sql|js|mjs|toml))$/,
    /^deploy\/[\w-]+(\.yaml|\.json|\.service)?$/,
    /^docs\/(runbooks\/)?[\w-]+\.md$/,
  ];
  expect(files.filter((file) => !kinds.some((kind) => kind.test(file)))).toEqual([]);
});

test('says nothing of where it was made', () => {
  expect(
    files.filter((file) => readFileSync(join(unpacked, file), 'utf8').includes(`${root}/`)),
  ).toEqual([]);
});

// The runbooks are as others wrote them, and name runbooks of theirs.
test('what its pages link to is in it', () => {
  const dead = files
    .filter((file) => file.endsWith('.md') && !file.startsWith('docs/runbooks/backfill-'))
    .flatMap((file) =>
      [...readFileSync(join(unpacked, file), 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)]
        .map(([, target]) => join(file, '..', target!))
        .filter((target) => !files.some((one) => one === target || one.startsWith(`${target}/`)))
        .map((target) => `${file}: ${target}`),
    );
  expect(dead).toEqual([]);
});

const servo = (...args: string[]) =>
  execFileSync(process.execPath, [join(unpacked, 'bin/servo-tui.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: environment({ DATABASE_URL: urlOf(database.superuser), TENANT_ID: 'acme' }),
  });

test('C13: one source gives one build id, and a change to any file of it another', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(servo('--version')).toBe(`${version} (build ${buildId(root)})\n`);
  const copy = join(folder, 'copy');
  for (const name of [
    'bin',
    'migrations',
    'scripts',
    'source',
    'package.json',
    'package-lock.json',
  ])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  expect(buildId(copy)).toBe(buildId(root));
  appendFileSync(join(copy, 'source', 'errors.ts'), '\n');
  expect(buildId(copy)).not.toBe(buildId(root));
});

test('is a program that works without the repository', () => {
  expect(documentOf('migrate', servo('migrate', '--json')).applied).toEqual(ownSteps());
  expect(documentOf('alerts', servo('alerts', '--json')).visible).toBe(false);
  expect(JSON.parse(readFileSync(join(unpacked, 'dist/json-schema.json'), 'utf8'))).toEqual(
    JSON.parse(servo('schema')),
  );
});

type Entry = {
  dev?: boolean;
  license?: string;
  engines?: { node?: string };
  hasInstallScript?: boolean;
};
const lock: { packages: Record<string, Entry> } = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
);

// npm warns of an EBADENGINE, and of an install script that is neither allowed nor refused.
test('D: npm ci has nothing to warn of in any dependency', () => {
  const { engines, allowScripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { minVersion, satisfies } = createRequire(import.meta.url)('semver');
  const oldest = minVersion(engines.node);
  const warned = Object.entries(lock.packages).filter(
    ([path, { engines, hasInstallScript }]) =>
      path !== '' &&
      ((engines?.node !== undefined && !satisfies(oldest, engines.node)) ||
        (hasInstallScript && !(path.replace(/^.*node_modules\//, '') in allowScripts))),
  );
  expect(warned).toEqual([]);
});

/** All of them let a program be used, changed and passed on by anyone. */
const permissive = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  'CC0-1.0',
  '(MIT OR CC0-1.0)',
  'PostgreSQL',
];

test('every dependency that comes with it, installed or bundled, has a permissive licence', () => {
  const installed = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { license }]) => [path, license ?? '']);
  const texts = readFileSync(join(unpacked, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  const bundled = [...texts.matchAll(/^(\S+ \S+) \((.+)\)\n-{5,}$/gm)].map(([, name, license]) => [
    name,
    license!,
  ]);
  expect(bundled.length).toBeGreaterThan(50);
  const shipped = [...installed, ...bundled];
  expect(shipped.filter(([, license]) => !permissive.includes(license!))).toEqual([]);
});

// Most of them may be passed on only with their copyright notice.
test('the licence of everything that is bundled is in it', () => {
  const bundles = files.filter((file) => /^dist\/.*\.js$/.test(file));
  const code = bundles.map((file) => readFileSync(join(unpacked, file), 'utf8')).join('\n');
  // As the bundler marks where each file's code begins.
  const marks = code.matchAll(/^\s*\/\/ ((?:\S+\/)?node_modules\/(?:@[^/\s]+\/)?[^/\s]+)\//gm);
  const folders = [...new Set([...marks].map(([, folder]) => folder!))];
  expect(folders.length).toBeGreaterThan(50);
  const licences = readFileSync(join(unpacked, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  const sections = new Map(
    licences
      .split(/\n(?=.+\n-{5,}\n)/)
      .map((section) => [section.slice(0, section.indexOf('\n')), section]),
  );
  const missing = folders.filter((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    );
    const text = sections.get(`${name} ${version} (${license})`) ?? '';
    return !/copyright/i.test(text) || !/permission|permitted|license[ds]?\b.*grant/is.test(text);
  });
  expect(missing).toEqual([]);
});
