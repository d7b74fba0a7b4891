import { type Host, onHost } from '../../app/command.ts';
import { unknownValue } from '../../cli/flags.ts';
import type { EmbeddedStatus, embeddedSessions } from '../../database/embedded/server.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

const words = ['status', 'stop', 'reset'] as const;
type Word = (typeof words)[number];
type Sessions = Awaited<ReturnType<typeof embeddedSessions>>;

export const embedded = onHost({
  spec: {
    name: 'embedded',
    usage: 'stop | status | reset',
    summary: 'the built-in database server',
    flags: [],
    examples: [
      ['embedded status', 'is it running, and where are its files'],
      ['embedded reset --yes', 'stop it and delete its data'],
    ],
    needs: { database: false, tenants: 'none' },
    writes: (_, input) => input[0] !== 'status',
    words: { least: 1, most: 1 },
  },
  json: () => import('./embedded-json.ts'),
  read([word], _, problems): Word {
    const known = words.find((one) => one === word);
    if (word !== undefined && known === undefined) {
      problems.push(unknownValue('argument of embedded', word, words));
    }
    return known ?? 'status';
  },
  async run(word, host) {
    const [{ ignoresDataHome }, server] = await Promise.all([
      import('../../database/embedded/installation.ts'),
      import('../../database/embedded/server.ts'),
    ]);
    if (ignoresDataHome()) {
      host.io.stderr.write(
        "ignoring XDG_DATA_HOME: root's embedded database is in /var/lib/servo-tui, or where SERVO_EMBEDDED_HOME says\n",
      );
    }
    const sessions = await server.embeddedSessions();
    const done = word === 'status' ? null : await change(word, sessions, host);
    const now = await server.embeddedStatus();
    return {
      json: {
        state: now.state,
        version: now.version,
        pid: now.pid,
        home: now.home,
        data_directory: now.dataDirectory,
        socket_directory: now.socketDirectory,
        log_file: now.logFile,
        [done === null ? 'sessions' : 'ended_sessions']: sessions,
      },
      text: () => done ?? statusText(now, sessions),
    };
  },
});

async function change(word: 'stop' | 'reset', sessions: Sessions, host: Host): Promise<string> {
  const server = await import('../../database/embedded/server.ts');
  const ended = sessions.length === 0 ? '' : `sessions ended:\n${sessionLines(sessions)}`;
  if (word === 'stop') {
    return (await server.stopEmbeddedServer()) ? `stopped\n${ended}` : 'it was not running\n';
  }
  const { requireYes } = await import('../../app/confirm.ts');
  await requireYes(host, 'delete the embedded database', {
    question: async () => {
      const connected = sessions.length === 0 ? '' : `connected:\n${sessionLines(sessions)}`;
      host.io.stderr.write(connected);
      return 'Delete everything in the embedded database?';
    },
  });
  return (await server.resetEmbeddedServer())
    ? `stopped, and its data deleted\n${ended}`
    : 'there is no embedded database\n';
}

function sessionLines(sessions: Sessions): string {
  return sessions
    .map(({ pid, user, database, application }) => {
      const program = safeText(application === '' ? 'an unnamed program' : application);
      return `  ${program} (pid ${pid}, ${safeText(user)} on ${safeText(database)})\n`;
    })
    .join('');
}

function statusText(now: EmbeddedStatus, sessions: Sessions): string {
  const running = now.state === 'running' ? `PostgreSQL ${now.version}, pid ${now.pid}` : now.state;
  const connected = sessions.length === 0 ? '' : `connected\n${sessionLines(sessions)}`;
  return `state   ${running}\ndata    ${now.dataDirectory}\nsocket  ${now.socketDirectory}\nlog     ${now.logFile}\n${connected}`;
}
