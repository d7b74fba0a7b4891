import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { installBinaries } from './binaries.ts';
import { failure } from './failure.ts';
import { isRoot, ownedBy, type Place } from './place.ts';

/** Nothing of ours may reach PostgreSQL's programs: PGDATA, PGPORT, LC_* and the like change what they do. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C' };
}

export function fsyncWanted(): boolean {
  return process.env.SERVO_EMBEDDED_FSYNC !== 'off';
}

/** Makes what is missing of programs, data and socket folder; each gets its final name when it is whole. */
export async function prepare(place: Place): Promise<void> {
  try {
    mkdirSync(place.folder, { recursive: true });
    if (isRoot()) chmodSync(place.folder, 0o755);
    sweep(place.folder);
  } catch (cause) {
    throw failure(`cannot make the folder ${place.folder}`, '', cause);
  }
  if (!existsSync(place.binaries)) await installBinaries(place.package, place.binaries);
  if (!existsSync(place.dataDirectory)) await makeCluster(place);
  ownedBy(place.dataDirectory, serverUid(place));
  makeSocketDirectory(place);
}

export function serverUid(place: Place): number | undefined {
  return place.user?.uid ?? process.getuid?.();
}

/** Removes what processes that are gone have left half-made. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /\.partial-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Collation by code point, the same on every system and after every upgrade of it. C.UTF-8 for the rest where
 * the system knows it, else C, which it always does.
 */
const locales = ['C.UTF-8', 'C'];

async function makeCluster(place: Place): Promise<void> {
  const partial = `${place.dataDirectory}.partial-${process.pid}`;
  let said = '';
  try {
    for (const locale of locales) {
      makePrivate(partial, place);
      const { code, output } = await run(place, 'initdb', initdbArguments(partial, locale));
      if (code === 0) {
        renameSync(partial, place.dataDirectory);
        return;
      }
      said = output;
      rmSync(partial, { recursive: true, force: true });
      if (!/invalid locale/i.test(output)) break;
    }
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    if (existsSync(place.dataDirectory)) return;
    throw failure(`cannot create the embedded database in ${place.dataDirectory}`, '', cause);
  }
  throw failure(`cannot create the embedded database in ${place.dataDirectory}`, said);
}

function initdbArguments(dataDirectory: string, locale: string): string[] {
  return [
    '-D',
    dataDirectory,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    `--locale=${locale}`,
    // Trust is good enough because only we, and root, can enter the folder of the socket, and there is no
    // other way in. It cannot be `peer`: as root's server runs under another name, no name would match.
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-instructions',
    ...(fsyncWanted() ? [] : ['--no-sync']),
  ];
}

/** Runs one of PostgreSQL's programs to its end, as the server's user. Throws where it cannot be run. */
function run(
  place: Place,
  program: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(place.binaries, 'bin', program), args, spawnOptions(place));
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => reject(cannotRun(place, error)));
    child.on('close', (code, signal) =>
      resolve({ code, output: signal ? `${output}\nended by ${signal}` : output }),
    );
  });
}

export function spawnOptions(place: Place) {
  // Not in our own folder: the server's user may not be allowed to enter it.
  return { cwd: '/', env: serverEnvironment(), uid: place.user?.uid, gid: place.user?.gid };
}

/** ENOENT of a file that is there means that its loader, the C library, is not. */
export function cannotRun(place: Place, error: NodeJS.ErrnoException): Error {
  const as = place.user === null ? '' : ` as user ${place.user.name}`;
  const missing = error.code === 'ENOENT' && existsSync(join(place.binaries, 'bin', 'postgres'));
  return failure(
    `cannot run PostgreSQL's programs in ${place.binaries}${as}`,
    missing ? 'error while loading shared libraries: the C library is another one' : '',
    error,
  );
}

function makeSocketDirectory(place: Place): void {
  try {
    makePrivate(place.socketDirectory, place);
  } catch (cause) {
    throw failure(
      `cannot make the folder ${place.socketDirectory} for the server's socket`,
      '',
      cause,
    );
  }
  ownedBy(place.socketDirectory, serverUid(place));
  chmodSync(place.socketDirectory, 0o700);
}

/** A folder that only the server's user, and root, can enter. */
function makePrivate(path: string, place: Place): void {
  if (existsSync(path)) return;
  mkdirSync(path, { mode: 0o700 });
  if (place.user !== null) chownSync(path, place.user.uid, place.user.gid);
}
