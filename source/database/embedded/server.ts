import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ServoError } from '../../errors.ts';
import { prepare, serverUid } from './cluster.ts';
import {
  applicationRole,
  askServer,
  connectedSessions,
  type EmbeddedSession,
  type EmbeddedSettings,
  settingsFor,
} from './connection.ts';
import { failure } from './failure.ts';
import { withLock } from './lock.ts';
import { embeddedHome, ownedBy, type Place, placeOf } from './place.ts';
import { findPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts';

export type EmbeddedServer = {
  /** Role postgres: for creating databases and migrating, for nothing else. */
  superuser: EmbeddedSettings;
  app: EmbeddedSettings;
  socketDirectory: string;
  dataDirectory: string;
  /** As the server says: "18.4". */
  version: string;
  pid: number;
};

export type EmbeddedStatus = {
  /** `absent`: there are no data yet. */
  state: 'running' | 'stopped' | 'absent';
  home: string;
  dataDirectory: string;
  socketDirectory: string;
  logFile: string;
  version: string | null;
  pid: number | null;
};

type Options = { home?: string };

/** Recovery after a crash takes its time; a server that needs longer than this is not going to come up. */
const startTimeoutMs = 60_000;

/**
 * The embedded server, started where it does not run yet. All of a user's processes share it, and it
 * outlives them. Throws `database_unreachable`, with a hint, where it cannot be had.
 */
export async function ensureEmbeddedServer(options: Options = {}): Promise<EmbeddedServer> {
  const place = placeOf(options.home ?? embeddedHome());
  const running = await findRunning(place);
  if (running !== null) return running;
  return withLock(place.home, () =>
    start(place).catch((error) => {
      throw failure('the embedded database does not start', '', error);
    }),
  );
}

/** Whose sessions a stop would end. */
export async function embeddedSessions(options: Options = {}): Promise<EmbeddedSession[]> {
  return connectedSessions(placeOf(options.home ?? embeddedHome()));
}

/** Stops the server. False where none was running. */
export async function stopEmbeddedServer(options: Options = {}): Promise<boolean> {
  const place = placeOf(options.home ?? embeddedHome());
  return withLock(place.home, () => stopPostmaster(place));
}

/** Stops the server and deletes everything that was in it. False where there was nothing. */
export async function resetEmbeddedServer(options: Options = {}): Promise<boolean> {
  const place = placeOf(options.home ?? embeddedHome());
  return withLock(place.home, async () => {
    await stopPostmaster(place);
    const existed = existsSync(place.dataDirectory);
    try {
      rmSync(place.folder, { recursive: true, force: true });
      rmSync(place.socketDirectory, { recursive: true, force: true });
    } catch (cause) {
      throw failure(`cannot delete ${place.folder}`, '', cause);
    }
    return existed;
  });
}

export async function embeddedStatus(options: Options = {}): Promise<EmbeddedStatus> {
  const place = placeOf(options.home ?? embeddedHome());
  const running = await findRunning(place);
  const stopped = existsSync(place.dataDirectory) ? 'stopped' : 'absent';
  return {
    state: running === null ? stopped : 'running',
    home: place.home,
    dataDirectory: place.dataDirectory,
    socketDirectory: place.socketDirectory,
    logFile: place.logFile,
    version: running?.version ?? null,
    pid: running?.pid ?? null,
  };
}

async function findRunning(place: Place): Promise<EmbeddedServer | null> {
  if (!existsSync(place.socketDirectory)) return null;
  ownedBy(place.socketDirectory, serverUid(place));
  const answer = await askServer(place);
  const pid = answer.state === 'ready' ? findPostmaster(place)?.pid : undefined;
  if (answer.state !== 'ready' || pid === undefined) return null;
  return {
    superuser: settingsFor(place, 'postgres'),
    app: settingsFor(place, applicationRole),
    socketDirectory: place.socketDirectory,
    dataDirectory: place.dataDirectory,
    version: answer.version,
    pid,
  };
}

/** Under the lock. Looks, acts on what it sees, and looks again, until the server answers. */
async function start(place: Place): Promise<EmbeddedServer> {
  const deadline = performance.now() + startTimeoutMs;
  let attempt: ReturnType<typeof startPostmaster> | null = null;
  await prepare(place);
  while (performance.now() < deadline) {
    const running = await findRunning(place);
    if (running !== null) return running;
    const postmaster = findPostmaster(place);
    const ended = attempt?.exited() ?? null;
    if (postmaster?.status === 'ready' && (await lostItsSocket(place))) {
      await stopPostmaster(place);
    } else if (ended !== null) {
      if (!canPass(ended))
        throw failure('the embedded database does not start', messageOf(ended), ended);
      attempt = null;
    } else if (postmaster === null && attempt === null) {
      attempt = startPostmaster(place);
    }
    await sleep(20);
  }
  throw new ServoError(
    'database_unreachable',
    `the embedded database did not start within ${startTimeoutMs / 1000} s`,
    {
      hint: `look at ${place.logFile}, or start over with: servo-tui embedded reset`,
    },
  );
}

/** Something, a cleaner of temporary files for instance, has removed it: nobody can connect any more. */
async function lostItsSocket(place: Place): Promise<boolean> {
  return (await askServer(place)).state === 'absent';
}

/**
 * The killed server's last processes still hold its memory, they end by themselves; or another process
 * was faster than us.
 */
function canPass(ended: Error | string): boolean {
  return typeof ended === 'string' && /is still in use|lock file ".*" already exists/.test(ended);
}
