import {
  type EmbeddedStatus,
  embeddedStatus,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from '../database/embedded/server.ts';
import { nearest } from '../domain/nearest.ts';
import { ServoError, UsageError } from '../errors.ts';
import type { Invocation, Output } from './command.ts';
import { confirm } from './io.ts';

type Work = (invocation: Invocation) => Promise<string>;

/** What each word does, and says. */
const works: Readonly<Record<string, Work>> = {
  status: async () => '',
  stop: async () => ((await stopEmbeddedServer()) ? 'stopped\n' : 'it was not running\n'),
  reset: async (invocation) => {
    await agree(invocation);
    return (await resetEmbeddedServer())
      ? 'stopped, and its data deleted\n'
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
  const said = await works[word]!(invocation);
  const now = await embeddedStatus();
  return { json: statusJson(now), text: () => (word === 'status' ? statusText(now) : said) };
}

async function agree({ flags, io }: Invocation): Promise<void> {
  if (flags.has('yes')) return;
  if (io.terminal && !flags.has('json')) {
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

function statusText(now: EmbeddedStatus): string {
  const running = now.state === 'running' ? `PostgreSQL ${now.version}, pid ${now.pid}` : now.state;
  return `state   ${running}\ndata    ${now.dataDirectory}\nsocket  ${now.socketDirectory}\nlog     ${now.logFile}\n`;
}
