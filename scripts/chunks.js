import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * What is loaded late, cut into few files. By itself esbuild makes a file of each set of modules that the same `import()`s lead to: 45 for
 * `list` and 150 for the console, each of which costs Node 0.3 to 0.5 ms before it runs anything.
 */

/** In the order in which they are loaded: what comes late finds these there, so that they are not cut up for its sake. */
const before = ['cli/parse.ts', 'cli/writer.ts', 'config.ts', 'cli/io.ts'];
const first = ['commands/jobs/list.ts', 'commands/jobs/status.ts'];
/** Commands with much code that no other has, or with next to none. The others, which have most of theirs in common, are one file. */
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
    const early = [...before, ...first];
    const commands = commandsOf(join(root, 'source/commands'));
    build.onResolve({ filter: /^\.\.?\// }, async ({ path, importer, resolveDir, kind }) => {
      if (kind !== 'dynamic-import' || !importer.startsWith(join(root, 'source/')))
        return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind: 'import-statement' });
      const own = relative(join(root, 'source'), found.path);
      return { path: commands.includes(own) ? 'commands' : own, namespace: 'late' };
    });
    build.onLoad({ filter: /^/, namespace: 'late' }, ({ path }) => {
      const paths = path === 'commands' ? commands : [path];
      const earlier = early.includes(path) ? early.slice(0, early.indexOf(path)) : early;
      const lines = [
        ...earlier.map((one) => `import './${one}';`),
        ...paths.map((one) => `export * from './${one}';`),
      ];
      return { contents: lines.join('\n'), resolveDir: join(root, 'source') };
    });
  },
});

/** The files of the commands that the tables name, but those that come first or stand alone. */
function commandsOf(folder) {
  const tables = readdirSync(folder).filter((name) => name.startsWith('table'));
  const named = tables.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/import\('\.\/([\w/-]+)\.ts'\)/g),
  ]);
  const names = new Set(named.map(([, name]) => name).filter((name) => !alone.includes(name)));
  return [...names].map((name) => `commands/${name}.ts`).filter((file) => !first.includes(file));
}
