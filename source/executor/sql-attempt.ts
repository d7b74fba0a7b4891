import type pg from 'pg';
import { type Database, destroy } from '../database/database.ts';
import { isConnectionFailure } from '../database/failure.ts';
import {
  cancelSqlAttempt,
  runSqlHandler,
  sqlAttemptRuns,
} from '../database/queries/run-sql-handler.ts';
import type { BatchPolicy, BatchReply } from '../database/queries/report-and-claim.ts';
import type { Attempt, Outcome } from '../domain/partition/attempt.ts';
import { messageOf } from '../errors.ts';
import { Loop } from './loop.ts';
import type { LossReporter } from './loss-reporter.ts';
import { withTimeout } from './with-timeout.ts';
import { outcomeOfAnswer } from './sql-outcome.ts';

type Options = {
  owner: string;
  next: string | null;
  lease_ms: number;
  policy: BatchPolicy;
  losses: LossReporter;
  /** A cancelled statement has so long to say so, and one that nobody runs is looked for so often, in milliseconds. */
  timeout: number;
  signal: AbortSignal;
};

export type SqlResult = {
  outcome: Outcome;
  reply: BatchReply | null;
  /** Where the connection broke: says how the attempt ended. It may wait for the database, which is no time of the attempt's. */
  judge?: ReturnType<LossReporter['begin']>;
  error?: unknown;
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
): Promise<SqlResult> {
  const judge = options.losses.begin();
  let client: Awaited<ReturnType<Database['connect']>>;
  try {
    client = await pools.handlers.connect();
  } catch (error) {
    const outcome = { kind: 'unavailable', message: messageOf(error), of: 'database' } as const;
    return { outcome, reply: null };
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
    const standing = await standingOf(client, error, options.timeout);
    if (standing === 'works') {
      return { outcome: outcomeOfAnswer(error, pools.handlers.settings.user), reply: null };
    }
    broken = error as Error;
    const outcome = { kind: 'unavailable', message: messageOf(error), of: 'database' } as const;
    return { outcome, reply: null, ...(standing === 'lost' ? { judge } : {}), error };
  } finally {
    // A cancel that is still on its way must not meet the connection's next statement.
    await watch.stop();
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/** An answer of this severity leaves the connection as it is. It may be in the server's own language. */
const harmless = 'ERROR';

/**
 * How the connection is after its statement failed. Only where the error might be of the connection itself is it asked: an
 * error of the handler's may carry any SQLSTATE, also one of a lost connection. A server that has become a standby answers, and is no
 * place for a handler.
 */
async function standingOf(
  client: pg.ClientBase,
  error: unknown,
  timeout: number,
): Promise<'works' | 'standby' | 'lost'> {
  const { severity } = error as { severity?: string };
  if (severity === harmless && !isConnectionFailure(error)) return 'works';
  if (severity === undefined) return 'lost';
  try {
    const { rows } = await withTimeout(
      client.query('select pg_catalog.pg_is_in_recovery() as standby'),
      timeout,
    );
    return rows[0].standby ? 'standby' : 'works';
  } catch (again) {
    // What the handler has set may keep the question from being answered: that is an answer as well.
    return (again as { severity?: string }).severity === harmless ? 'works' : 'lost';
  }
}

/**
 * Cancels the statement when the attempt is stopped, and cuts its connection where the answer does not come: the server has cancelled
 * it long ago, or nobody there has run it for two looks.
 */
function watchOver(
  database: Database,
  { token }: Attempt,
  { timeout, signal }: Options,
  cut: () => void,
): Loop {
  let missing = 0;
  let stoppedAt: number | null = null;
  const loop: Loop = new Loop(async () => {
    if (signal.aborted) {
      stoppedAt ??= performance.now();
      if (performance.now() - stoppedAt > timeout) cut();
      else await cancelSqlAttempt(database, token).catch(() => {});
      return cancelAgainMs;
    }
    // A database that does not answer proves nothing.
    const runs = await sqlAttemptRuns(database, token).catch(() => true);
    missing = runs ? 0 : missing + 1;
    if (missing > 1) cut();
    return timeout;
  }, timeout);
  signal.addEventListener('abort', () => loop.wake(), { once: true });
  loop.start();
  return loop;
}
