import { ignoresDataHome } from '../database/embedded/installation.ts';
import {
  type EmbeddedStatus,
  embeddedSessions,
  embeddedStatus,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from '../database/embedded/server.ts';
import { nearest } from '../domain/text/nearest.ts';
import { ServoError, UsageError } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Invocation, Output } from './command.ts';
import { confirm } from './io.ts';

type Sessions = Awaited<ReturnType<typeof embeddedSessions>>;
type Work = (invocation: Invocation, sessions: Sessions) => Promise<string>;

/** What each word does, and says. */
const works: Readonly<Record<string, Work>> = {
  status: async () => '',
  stop: async (_, sessions) =>
    (await stopEmbeddedServer()) ? `stopped\n${endedText(sessions)}` : 'it was not running\n',
  reset: async (invocation, sessions) => {
    await agree(invocation, sessions);
    return (await resetEmbeddedServer())
      ? `stopped, and its data deleted\n${endedText(sessions)}`
      : 'there was nothing\n';
  },
};

/** `servo-tui embedded stop|status|reset`. */
export async function embedded(invocation: Invocation): Promise<Output> {
  const word = invocation.input[0]!;
  if (!Object.hasOwn(works, word)) {
    const near = nearest(word, Object.keys(works));
    const known = `known are ${Object.keys(works).join(', ')}`;
    const hint = near === null ? known : `did you mean ${near}? ${known}`;
    throw new UsageError([{ message: `embedded has no "${word}"`, hint }]);
  }
  if (ignoresDataHome()) {
    invocation.io.stderr.write(
      "ignoring XDG_DATA_HOME: root's embedded database is in /var/lib/servo-tui, or where SERVO_EMBEDDED_HOME says\n",
    );
  }
  const sessions = await embeddedSessions();
  const said = await works[word]!(invocation, sessions);
  const now = await embeddedStatus();
  return {
    json: { ...statusJson(now), [word === 'status' ? 'sessions' : 'ended_sessions']: sessions },
    text: () => (word === 'status' ? statusText(now, sessions) : said),
  };
}

function sessionLines(sessions: Sessions): string {
  return sessions
    .map(({ pid, user, database, application }) => {
      const what = safeText(application === '' ? 'an unnamed program' : application);
      return `  ${what} (pid ${pid}, ${safeText(user)} on ${safeText(database)})\n`;
    })
    .join('');
}

function endedText(sessions: Sessions): string {
  return sessions.length === 0 ? '' : `its sessions were ended:\n${sessionLines(sessions)}`;
}

async function agree({ flags, io }: Invocation, sessions: Sessions): Promise<void> {
  if (flags.has('yes')) return;
  if (io.terminal && !flags.has('json')) {
    io.stderr.write(sessions.length === 0 ? '' : `connected:\n${sessionLines(sessions)}`);
    if (await confirm(io, 'Delete everything in the embedded database?')) return;
    throw new ServoError('interrupted', 'nothing has been done');
  }
  throw new UsageError([{ message: 'embedded reset deletes data and wants a yes', hint: '--yes' }]);
}

function statusJson(now: EmbeddedStatus) {
  return {
    state: now.state,
    version: now.version,
    pid: now.pid,
    home: now.home,
    data_directory: now.dataDirectory,
    socket_directory: now.socketDirectory,
    log_file: now.logFile,
  };
}

function statusText(now: EmbeddedStatus, sessions: Sessions): string {
  const running = now.state === 'running' ? `PostgreSQL ${now.version}, pid ${now.pid}` : now.state;
  return `state   ${running}\ndata    ${now.dataDirectory}\nsocket  ${now.socketDirectory}\nlog     ${now.logFile}\n${sessions.length === 0 ? '' : `connected\n${sessionLines(sessions)}`}`;
}
