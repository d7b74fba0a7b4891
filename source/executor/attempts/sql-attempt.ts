import type pg from 'pg';
import { type Database, destroy } from '../../database/database.ts';
import { isConnectionFailure } from '../../database/failure.ts';
import type { BatchPolicy, BatchReply } from '../../database/queries/report-and-claim.ts';
import {
  cancelSqlAttempt,
  runSqlHandler,
  sqlAttemptRuns,
} from '../../database/queries/run-sql-handler.ts';
import type { Attempt, Outcome } from '../../domain/partition/attempt.ts';
import { messageOf } from '../../errors.ts';
import { Loop } from '../loop.ts';
import { withTimeout } from '../with-timeout.ts';
import type { LossReporter } from './loss-reporter.ts';
import { outcomeOfAnswer } from './sql-outcome.ts';

type Options = {
  owner: string;
  next: string | null;
  lease_ms: number;
  policy: BatchPolicy;
  losses: LossReporter;
  /** How long a cancelled statement may take to end; how often a running one is checked (ms). */
  timeout: number;
  signal: AbortSignal;
};

export type SqlResult = {
  outcome: Outcome;
  reply: BatchReply | null;
  /** Where the connection broke: how the attempt ended. It may wait for the database. */
  classify?: ReturnType<LossReporter['begin']>;
  error?: unknown;
};

/** Between two requests to cancel: the first may have come before the statement did. */
const cancelAgainMs = 250;

/**
 * Runs one attempt of a handler written in SQL on a connection of its own. A completed one has been
 * reported already, and `reply` is that of the batch. Otherwise the outcome is to be reported by a
 * batch: also after a broken connection, where the completion may have been committed: then the
 * batch finds it so.
 */
export async function runSqlAttempt(
  pools: { handlers: Database; batches: Database },
  attempt: Attempt,
  sql: string,
  options: Options,
): Promise<SqlResult> {
  const classify = options.losses.begin();
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
  const watch = watchOver(pools.batches, attempt, options, () => destroy(client));
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
    return { outcome, reply: null, ...(standing === 'lost' ? { classify } : {}), error };
  } finally {
    // A cancel that is still on its way must not meet the connection's next statement.
    await watch.stop();
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/**
 * An answer of this severity leaves the connection as it is. It may be in the server's own
 * language.
 */
const harmless = 'ERROR';

/**
 * How the connection is after its statement failed. It is asked only where the error might be of
 * the connection itself: a handler's error may carry any SQLSTATE, also one of a lost connection. A
 * server that has become a standby answers, but runs no handler.
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
    // What the handler has set may make this statement fail: that is an answer as well.
    return (again as { severity?: string }).severity === harmless ? 'works' : 'lost';
  }
}

/**
 * Cancels the statement when the attempt is stopped, and cuts its connection where no answer comes:
 * after the timeout, or when no backend runs it in two checks.
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
