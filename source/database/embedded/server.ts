import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ServoError } from '../../errors.ts';
import { prepare, serverUid } from './cluster.ts';
import {
  applicationRole,
  connectedSessions,
  type EmbeddedSession,
  type EmbeddedSettings,
  probeServer,
  settingsFor,
} from './connection.ts';
import { failure } from './failure.ts';
import { embeddedHome, type Installation, installationIn, requireOwner } from './installation.ts';
import { withLock } from './lock.ts';
import { findPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts';

export type EmbeddedServer = {
  /** Role postgres, only for creating databases and migrating. */
  superuser: EmbeddedSettings;
  app: EmbeddedSettings;
  socketDirectory: string;
  dataDirectory: string;
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

/** Includes recovery after a crash. */
const startTimeoutMs = 60_000;

/**
 * All processes of a user share it, and it outlives them. @throws ServoError database_unreachable
 */
export async function ensureEmbeddedServer(options: Options = {}): Promise<EmbeddedServer> {
  const installation = installationIn(options.home ?? embeddedHome());
  const running = await findRunning(installation);
  if (running !== null) return running;
  return withLock(installation.home, () =>
    start(installation).catch((error) => {
      throw failure('the embedded database does not start', '', error);
    }),
  );
}

export async function embeddedSessions(options: Options = {}): Promise<EmbeddedSession[]> {
  return connectedSessions(installationIn(options.home ?? embeddedHome()));
}

/** Stops the server. False if none was running. */
export async function stopEmbeddedServer(options: Options = {}): Promise<boolean> {
  const installation = installationIn(options.home ?? embeddedHome());
  return withLock(installation.home, () => stopPostmaster(installation));
}

/** Stops the server and deletes its data. False if there were none. */
export async function resetEmbeddedServer(options: Options = {}): Promise<boolean> {
  const installation = installationIn(options.home ?? embeddedHome());
  return withLock(installation.home, async () => {
    await stopPostmaster(installation);
    const existed = existsSync(installation.dataDirectory);
    try {
      rmSync(installation.folder, { recursive: true, force: true });
      rmSync(installation.socketDirectory, { recursive: true, force: true });
    } catch (cause) {
      throw failure(`cannot delete ${installation.folder}`, '', cause);
    }
    return existed;
  });
}

export async function embeddedStatus(options: Options = {}): Promise<EmbeddedStatus> {
  const installation = installationIn(options.home ?? embeddedHome());
  const running = await findRunning(installation);
  const stopped = existsSync(installation.dataDirectory) ? 'stopped' : 'absent';
  return {
    state: running === null ? stopped : 'running',
    home: installation.home,
    dataDirectory: installation.dataDirectory,
    socketDirectory: installation.socketDirectory,
    logFile: installation.logFile,
    version: running?.version ?? null,
    pid: running?.pid ?? null,
  };
}

async function findRunning(installation: Installation): Promise<EmbeddedServer | null> {
  if (!existsSync(installation.socketDirectory)) return null;
  requireOwner(installation.socketDirectory, serverUid(installation));
  const answer = await probeServer(installation);
  const pid = answer.state === 'ready' ? findPostmaster(installation)?.pid : undefined;
  if (answer.state !== 'ready' || pid === undefined) return null;
  return {
    superuser: settingsFor(installation, 'postgres'),
    app: settingsFor(installation, applicationRole),
    socketDirectory: installation.socketDirectory,
    dataDirectory: installation.dataDirectory,
    version: answer.version,
    pid,
  };
}

/** Under the lock. Checks and acts in turn until the server answers. */
async function start(installation: Installation): Promise<EmbeddedServer> {
  const deadline = performance.now() + startTimeoutMs;
  let attempt: ReturnType<typeof startPostmaster> | null = null;
  await prepare(installation);
  while (performance.now() < deadline) {
    const running = await findRunning(installation);
    if (running !== null) return running;
    const postmaster = findPostmaster(installation);
    const ended = attempt?.exited() ?? null;
    if (postmaster?.status === 'ready' && (await isSocketMissing(installation))) {
      await stopPostmaster(installation);
    } else if (ended !== null) {
      if (!isStartRace(ended))
        throw failure('the embedded database does not start', messageOf(ended), ended);
      attempt = null;
    } else if (postmaster === null && attempt === null) {
      attempt = startPostmaster(installation);
    }
    await sleep(20);
  }
  throw new ServoError(
    'database_unreachable',
    `the embedded database did not start within ${startTimeoutMs / 1000} s`,
    {
      hint: `see ${installation.logFile}, or start over: servo-tui embedded reset`,
    },
  );
}

/** E.g. a cleaner of temporary files deleted it. New connections are impossible. */
async function isSocketMissing(installation: Installation): Promise<boolean> {
  return (await probeServer(installation)).state === 'absent';
}

/** Its last processes still hold its memory, or another process has just started a server. */
function isStartRace(ended: Error | string): boolean {
  return typeof ended === 'string' && /is still in use|lock file ".*" already exists/.test(ended);
}
