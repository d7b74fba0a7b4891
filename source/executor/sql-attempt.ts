import { type Database, destroy } from '../database/database.ts';
import { codeOf, isConnectionFailure } from '../database/failure.ts';
import {
  cancelSqlAttempt,
  runSqlHandler,
  sqlAttemptRuns,
} from '../database/queries/run-sql-handler.ts';
import type { StepReply } from '../database/queries/step-job.ts';
import type { Attempt, Outcome } from '../domain/attempt.ts';
import { messageOf } from '../errors.ts';
import { delayOf } from '../handlers/delay.ts';
import { Loop } from './loop.ts';

/** What a handler's error means, by its SQLSTATE; any other error is a failure that is tried again. */
const outcomes: Readonly<Record<string, (message: string, detail: string | undefined) => Outcome>> =
  {
    // servo_fail and servo_retry: see migrations/functions/sql-handlers.sql.
    SV065: (message) => ({ kind: 'fatal', message }),
    SV075: (message, detail) => ({ kind: 'later', message, delay_ms: delayOf(Number(detail)) }),
    // The lease was lost: there is nothing to report, and the step that says so is fenced off.
    SV410: (message) => ({ kind: 'later', message, delay_ms: 0 }),
    '2D000': endsTransaction,
    // What plpgsql says of a COMMIT that it is given as a statement.
    '0A000': (message) =>
      /transaction commands/.test(message) ? endsTransaction(message) : { kind: 'failed', message },
  };

function endsTransaction(message: string): Outcome {
  return { kind: 'fatal', message: `a handler may not end its transaction: ${message}` };
}

type Options = {
  owner: string;
  next: string | null;
  lease_ms: number;
  /** A cancelled statement has so long to say so, and one that nobody runs is looked for so often, in milliseconds. */
  patience: number;
  signal: AbortSignal;
};

/** Between two requests to cancel: the first may have come before the statement did. */
const cancelAgainMs = 250;

/**
 * Runs one attempt of a handler written in SQL on a connection of its own. Completed, it has been reported already, and
 * `reply` says what comes next on the lane. Otherwise the outcome is to be reported by a step: also after a broken connection, where the
 * completion may have been committed, and then the step finds it so.
 */
export async function runSqlAttempt(
  pools: { handlers: Database; steps: Database },
  attempt: Attempt,
  sql: string,
  options: Options,
): Promise<{ outcome: Outcome; reply: StepReply | null }> {
  let client: Awaited<ReturnType<Database['connect']>>;
  try {
    client = await pools.handlers.connect();
  } catch (error) {
    return { outcome: { kind: 'later', message: messageOf(error), delay_ms: 1_000 }, reply: null };
  }
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const watch = watchOver(pools.steps, attempt, options, () => destroy(client));
  try {
    if (options.signal.aborted)
      return { outcome: { kind: 'failed', message: 'stopped' }, reply: null };
    const reply = await runSqlHandler(client, attempt, sql, options);
    return { outcome: { kind: 'completed' }, reply };
  } catch (error) {
    if (isConnectionFailure(error)) {
      broken = error as Error;
      return { outcome: { kind: 'later', message: messageOf(error), delay_ms: 0 }, reply: null };
    }
    return { outcome: outcomeOf(error), reply: null };
  } finally {
    // A cancel that is still on its way must not meet the connection's next statement.
    await watch.stop();
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/**
 * Cancels the statement when the attempt is stopped, and cuts its connection where the answer does not come: the server has cancelled
 * it long ago, or nobody there has run it for two looks.
 */
function watchOver(
  database: Database,
  { token }: Attempt,
  { patience, signal }: Options,
  cut: () => void,
): Loop {
  let missing = 0;
  let stoppedAt: number | null = null;
  const loop: Loop = new Loop(async () => {
    if (signal.aborted) {
      stoppedAt ??= performance.now();
      if (performance.now() - stoppedAt > patience) cut();
      else await cancelSqlAttempt(database, token).catch(() => {});
      return cancelAgainMs;
    }
    // A database that does not answer proves nothing.
    const runs = await sqlAttemptRuns(database, token).catch(() => true);
    missing = runs ? 0 : missing + 1;
    if (missing > 1) cut();
    return patience;
  }, patience);
  signal.addEventListener('abort', () => loop.wake(), { once: true });
  loop.start();
  return loop;
}

function outcomeOf(error: unknown): Outcome {
  const { detail, where } = error as { detail?: string; where?: string };
  const known = outcomes[codeOf(error) ?? ''];
  if (known !== undefined) return known(messageOf(error), detail);
  const line = /^SQL statement|line \d+ at (?!EXECUTE)/.exec(where ?? '');
  const context = [detail, line === null ? undefined : where?.split('\n', 1)[0]].filter(Boolean);
  return { kind: 'failed', message: [messageOf(error), ...context].join('\n') };
}
