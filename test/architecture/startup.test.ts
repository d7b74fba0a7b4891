import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '../../source');
let outputs: Metafile['outputs'];

beforeAll(async () => {
  const script = new URL('../../scripts/bundle.js', import.meta.url).href;
  const { program } = (await import(script)) as { program: BuildOptions };
  const built = await build({ ...program, outdir: 'dist', write: false, metafile: true });
  outputs = built.metafile.outputs;
}, 60_000);

/** The modules that a command imports when it runs, but for its text and the shapes of its JSON. */
function importedBy(command: string): string[] {
  const text = readFileSync(join(source, 'commands', command), 'utf8');
  const late = [...text.matchAll(/\bimport\('(\.[^']+)'\)/g)].map(([, to]) =>
    relative(source, resolve(source, 'commands', dirname(command), to!)),
  );
  return ['app/session.ts', ...late.filter((file) => !/-(json|text)\.ts$/.test(file))];
}

/** The files of the bundle that are loaded before these modules run, the front's among them. */
function filesFor(...modules: string[]): Set<string> {
  const files = new Set(['dist/cli.js']);
  for (const module of modules) {
    const file = Object.keys(outputs).find((name) =>
      outputs[name]!.entryPoint?.replace(/^late:/, '')
        .split('+')
        .includes(module),
    );
    expect(file, module).toBeDefined();
    files.add(file!);
  }
  for (const file of files) {
    for (const { path, kind, external } of outputs[file]!.imports) {
      if (kind === 'import-statement' && external !== true) files.add(path);
    }
  }
  return files;
}

/** What is in them: our folders, and packages by name. */
function contentsOf(files: Set<string>): string[] {
  const inputs = [...files].flatMap((file) => Object.keys(outputs[file]!.inputs));
  const names = inputs.flatMap(
    (input) =>
      /(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ??
      /^source\/[\w-]+/.exec(input)?.[0] ??
      [],
  );
  return [...new Set(names)].sort();
}

const drawing = ['ink', 'react', 'react-reconciler', 'yoga-layout'];
const serving = ['pino', 'prom-client', 'node-pg-migrate', 'source/executor', 'source/handlers'];
const rare = ['zod', 'smol-toml', 'proper-lockfile', 'pino-pretty', 'source/demo'];

test.each([
  ['jobs/list.ts', 12],
  ['jobs/status.ts', 12],
])(
  '%s loads few files, and nothing of the console, the executor or the demonstration',
  (file, most) => {
    const files = filesFor(...importedBy(file));
    const contents = contentsOf(files);
    expect(contents).toEqual(expect.arrayContaining(['pg', 'meow', 'source/operations']));
    for (const name of [...drawing, ...serving, ...rare, 'source/console']) {
      expect(contents).not.toContain(name);
    }
    expect(files.size).toBeLessThanOrEqual(most);
  },
);

test('list.ts loads nothing that measures text: it has ICU loaded', () => {
  expect(contentsOf(filesFor(...importedBy('jobs/list.ts')))).not.toContain('string-width');
});

test('the console asks the database before Ink is loaded', () => {
  const files = filesFor(...importedBy('system/console.ts'));
  const contents = contentsOf(files);
  expect(contents).toContain('source/console');
  for (const name of [...drawing, ...serving, ...rare]) expect(contents).not.toContain(name);
  const painted = filesFor('console/app/program.tsx');
  expect(contentsOf(painted)).toEqual(expect.arrayContaining(drawing));
  // Some 40; 150 where esbuild cuts as it likes.
  expect(painted.size).toBeLessThanOrEqual(60);
});

test('a worker loads no React, and a command no executor', () => {
  const worker = contentsOf(filesFor('executor/executor.ts'));
  expect(worker).toContain('source/executor');
  for (const name of drawing) expect(worker).not.toContain(name);
  for (const name of [...drawing, ...serving]) {
    expect(contentsOf(filesFor(...importedBy('system/completion.ts')))).not.toContain(name);
  }
});
