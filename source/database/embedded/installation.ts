import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ServoError } from '../../errors.ts';
import { type BinaryPackage, findBinaryPackage } from './binaries.ts';

/** The system user of the server if we are root: PostgreSQL refuses to run as root. */
type ServerUser = { name: string; uid: number; gid: number };

/** Paths of one embedded server. All but the binaries are per major version. */
export type Installation = {
  home: string;
  folder: string;
  dataDirectory: string;
  socketDirectory: string;
  binaries: string;
  logFile: string;
  package: BinaryPackage;
  /** Null: the server runs as our own user. */
  user: ServerUser | null;
};

const longestSocketPath = 103;
const socketName = '.s.PGSQL.5432';

/**
 * The folder of the embedded server: SERVO_EMBEDDED_HOME, else $XDG_DATA_HOME/servo-tui, else
 * ~/.local/share/servo-tui. Root's is /var/lib/servo-tui whatever XDG_DATA_HOME says: the server's
 * user must reach it, and after `sudo -E` that is another user's folder.
 */
export function embeddedHome(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.SERVO_EMBEDDED_HOME;
  if (home) return resolve(home);
  if (isRoot()) return rootHome();
  const dataHome = env.XDG_DATA_HOME;
  const base = dataHome && isAbsolute(dataHome) ? dataHome : join(homedir(), '.local', 'share');
  return join(base, 'servo-tui');
}

/** XDG_DATA_HOME is set but ignored. */
export function ignoresDataHome(env: NodeJS.ProcessEnv = process.env): boolean {
  return isRoot() && Boolean(env.XDG_DATA_HOME) && !env.SERVO_EMBEDDED_HOME;
}

function rootHome(): string {
  const homes = ['/var/lib/servo-tui', '/var/tmp/servo-tui-root'];
  const usable = (home: string) => canWrite(existsSync(home) ? home : dirname(home));
  return homes.find(existsSync) ?? homes.find(usable) ?? homes[0]!;
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Creates the home folder if it is missing, and returns the paths in it. */
export function installationIn(home: string): Installation {
  const binaryPackage = findBinaryPackage();
  const made = makeHome(home);
  const folder = join(made, String(binaryPackage.major));
  const dataDirectory = join(folder, 'data');
  return {
    home: made,
    folder,
    dataDirectory,
    socketDirectory: socketDirectoryFor(folder),
    binaries: join(folder, `postgres-${binaryPackage.version}`),
    logFile: join(folder, 'server.log'),
    package: binaryPackage,
    user: isRoot() ? (ownerOf(dataDirectory) ?? serverUser()) : null,
  };
}

function makeHome(home: string): string {
  const mode = isRoot() ? 0o755 : 0o700;
  try {
    // chmod, because a restrictive umask would close root's folders to the server's user.
    if (mkdirSync(home, { recursive: true, mode }) !== undefined) chmodSync(home, mode);
    const real = realpathSync(home);
    requireOwner(real, process.getuid?.());
    return real;
  } catch (cause) {
    if (cause instanceof ServoError) throw cause;
    throw new ServoError(
      'database_unreachable',
      `cannot create the embedded database's folder ${home}`,
      {
        hint: 'set SERVO_EMBEDDED_HOME to a writable folder, or use another database: DATABASE_URL',
        cause,
      },
    );
  }
}

function socketDirectoryFor(folder: string): string {
  const own = join(folder, 'socket');
  if (Buffer.byteLength(join(own, socketName)) <= longestSocketPath) return own;
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return join('/tmp', `servo-tui-${process.getuid?.() ?? 0}-${key}`);
}

/** Throws unless `path` is a folder (no link) of that user: in a shared folder it may be a trap. */
export function requireOwner(path: string, uid: number | undefined): void {
  const found = lstatSync(path);
  if (uid === undefined || (found.isDirectory() && found.uid === uid)) return;
  throw new ServoError(
    'database_unreachable',
    `${path} is owned by uid ${found.uid}, expected uid ${uid}`,
    {
      hint: `change its owner (chown -R ${uid} ${path}), or set SERVO_EMBEDDED_HOME to another folder`,
    },
  );
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function serverUser(): ServerUser {
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== null && gid !== null) return { name, uid, gid };
  }
  throw new ServoError(
    'database_unreachable',
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody',
    { hint: 'run servo-tui as an ordinary user, or use another database: DATABASE_URL' },
  );
}

/** Existing data keep their owner, even if a user postgres has been added since. */
function ownerOf(dataDirectory: string): ServerUser | null {
  if (!existsSync(dataDirectory)) return null;
  const { uid, gid } = lstatSync(dataDirectory);
  return uid === 0 ? null : { name: `with id ${uid}`, uid, gid };
}

function idOf(name: string, flag: string): number | null {
  try {
    const id = Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return Number.isInteger(id) ? id : null;
  } catch {
    return null;
  }
}
