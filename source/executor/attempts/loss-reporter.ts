import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { codeOf } from '../../database/failure.ts';
import { keptMessage, type Outcome } from '../../domain/partition/attempt.ts';
import { isCrash } from '../../domain/partition/error-origin.ts';
import { messageOf } from '../../errors.ts';

/** What an executor's session in the registry knows of the server. */
export type SessionReporter = {
  /** When the server was started, as it writes it; null before the first session. */
  readonly serverStart: string | null;
  /**
   * The last loss of the session: when (monotonic), and the SQLSTATE that the server sent, if any.
   */
  readonly lastLoss: { at: number; said: string | null } | null;
  /** Resolves when it is known whether the session is connected now. */
  confirm(): Promise<void>;
};

/**
 * Losses so close together (ms) have one cause: a session that has died in silence is noticed by
 * its next ping.
 */
const togetherMs = 5_000;

/**
 * Finds out whether a handler's connection was lost by a crash of its own backend, by comparing
 * with the executor's session in the registry.
 */
export class LossReporter {
  readonly #database: Database;
  readonly #session: SessionReporter;

  constructor(database: Database, session: SessionReporter) {
    this.#database = database;
    this.#session = session;
  }

  /**
   * Call it before an attempt. The returned function gives the outcome after its connection broke.
   */
  begin(): (error: unknown, signal: AbortSignal) => Promise<Outcome> {
    const before = this.#session.serverStart;
    return async (error, signal) => {
      const brokeAt = performance.now();
      const now = await this.#serverStart(signal);
      await this.#session.confirm();
      const loss = this.#session.lastLoss;
      const { severity } = error as { severity?: string };
      const crash = isCrash({
        // An error of the socket has a code as well.
        said: severity === undefined ? null : (codeOf(error) ?? null),
        restarted: before !== null && now !== null && before !== now,
        other: loss !== null && loss.at > brokeAt - togetherMs ? loss : null,
      });
      const message = keptMessage(`its connection to the database broke: ${messageOf(error)}`);
      return crash
        ? { kind: 'crashed', message }
        : { kind: 'unavailable', message, of: 'database' };
    };
  }

  /** Waits for the server to reply; null if the attempt is stopped first. */
  async #serverStart(signal: AbortSignal): Promise<string | null> {
    for (let pause = 50; !signal.aborted; pause = Math.min(1_000, pause * 2)) {
      try {
        const [row] = await this.#database.call<{ at: string }>(
          'select pg_postmaster_start_time()::text as at',
        );
        return row!.at;
      } catch {
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
    return null;
  }
}
