import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * What is loaded late, cut into few files. esbuild alone makes a file of each set of modules that
 * the same `import()`s lead to: 45 for `list` and 150 for the console, each of which costs Node 0.3
 * to 0.5 ms before it runs anything.
 */

/** Commands that load what no other does, or next to nothing. What the others load is one file. */
const alone = [
  'jobs/apply',
  'system/completion',
  'system/console',
  'system/demo',
  'diagnose/doctor',
  'system/embedded',
  'system/exporter',
  'system/migrate',
  'system/schema',
  'system/worker',
];

export const chunks = (root) => ({
  name: 'chunks',
  setup(build) {
    const source = join(root, 'source/');
    const { front, groups } = lateFiles(source);
    build.onResolve({ filter: /^\.\.?\// }, async ({ path, importer, resolveDir, kind }) => {
      if (kind !== 'dynamic-import' || !importer.startsWith(source)) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind: 'import-statement' });
      const own = relative(source, found.path);
      const group = groups.find(({ files }) => files.includes(own));
      return { path: group?.files.join('+') ?? own, namespace: 'late' };
    });
    build.onLoad({ filter: /^/, namespace: 'late' }, ({ path }) => {
      const files = path.split('+');
      const at = groups.findIndex((group) => group.files[0] === files[0]);
      const before = groups.slice(0, at < 0 ? undefined : at).filter(({ early }) => early);
      const lines = [
        ...[...front, ...before.flatMap((group) => group.files)].map((one) => `import './${one}';`),
        ...files.map((one) => `export * from './${one}';`),
      ];
      return { contents: lines.join('\n'), resolveDir: source };
    });
  },
});

/**
 * `front`: what cli.ts itself imports. `groups`: what the same commands import, loaded as one file.
 * What comes late finds the front and the early groups there: they are not cut up for its sake.
 */
function lateFiles(source) {
  const read = (file) => readFileSync(join(source, file), 'utf8');
  const matches = (file, pattern) =>
    [...read(file).matchAll(pattern)].map(([, to]) =>
      relative(source, resolve(source, dirname(file), to)),
    );
  const imported = (file) => matches(file, /^(?:import(?! type)|\}).*? from '(\.[^']+)'/gm);
  const late = (file) => matches(file, /\bimport\('(\.[^']+)'\)/g);
  const isText = (file) => file.endsWith('-text.ts');
  const isAlone = (file) => alone.some((name) => file === `commands/${name}.ts`);
  const list = late('commands/jobs/list.ts');
  const steps = [
    ['app/session.ts', ...list.filter((file) => !isText(file))],
    list.filter(isText),
    late('commands/jobs/status.ts'),
    imported('commands/table.ts')
      .filter((file) => !isAlone(file))
      .flatMap(late),
  ];
  // Every shape is called `shapes`: each is a file of its own.
  const taken = new Set();
  const groups = steps.map((files, step) => ({
    early: step < steps.length - 1,
    files: [...new Set(files)].filter(
      (file) => !file.endsWith('-json.ts') && !taken.has(file) && taken.add(file),
    ),
  }));
  for (const { files } of groups) refuseTwins(files, read);
  return { front: imported('cli.ts'), groups };
}

/** A name that two files of a group export would be that of neither. */
function refuseTwins(files, read) {
  const owners = new Map();
  for (const file of files) {
    for (const [, name] of read(file).matchAll(
      /^export (?:async )?(?:function\*?|const|class) (\w+)/gm,
    )) {
      const other = owners.get(name);
      if (other !== undefined)
        throw new Error(`${other} and ${file} both export ${name}: rename one`);
      owners.set(name, file);
    }
  }
}
