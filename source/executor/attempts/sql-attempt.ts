import type pg from 'pg';
import { destroy } from '../../database/client.ts';
import type { Database } from '../../database/database.ts';
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
  /** If the connection broke: finds the outcome. It may wait for the database. */
  classify?: ReturnType<LossReporter['begin']>;
  error?: unknown;
};

/** Between two requests to cancel: the first may have come before the statement did. */
const cancelAgainMs = 250;

/**
 * Runs one attempt of a SQL handler on its own connection. `reply` is the reply of the batch that
 * completed it; null if the outcome is still to be reported. After a broken connection it is
 * reported too: the batch finds out if the completion was committed.
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
    // A late cancel must not hit the next statement of the connection.
    await watch.stop();
    client.removeListener('error', onError);
    client.release(broken);
  }
}

/** An error of this severity leaves the connection usable. Other severities may be translated. */
const harmless = 'ERROR';

/**
 * The state of the connection after its statement failed. Tested only if the error may be of the
 * connection: a handler can raise any SQLSTATE, also that of a lost connection. A server that
 * became a standby replies, but runs no handler.
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
    // A setting of the handler may make this statement fail: that is a reply as well.
    return (again as { severity?: string }).severity === harmless ? 'works' : 'lost';
  }
}

/**
 * Cancels the statement when the attempt is stopped. Closes its connection if no reply comes within
 * the timeout, or if no backend runs it in two checks.
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
    // No reply proves nothing.
    const runs = await sqlAttemptRuns(database, token).catch(() => true);
    missing = runs ? 0 : missing + 1;
    if (missing > 1) cut();
    return timeout;
  }, timeout);
  signal.addEventListener('abort', () => loop.wake(), { once: true });
  loop.start();
  return loop;
}
