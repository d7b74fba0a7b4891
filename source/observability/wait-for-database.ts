import { setTimeout as sleep } from 'node:timers/promises';
import { mayComeBack } from '../database/failure.ts';
import { messageOf, ServoError } from '../errors.ts';
import type { Log } from './log.ts';

const firstPauseMs = 250;
const remindMs = 60_000;

/**
 * Retries `work` while the database is unavailable, with a pause that doubles up to `longest` ms.
 * Returns false if `signal` was aborted first. Throws errors that waiting does not fix: a refused
 * login, a missing database, an unusable schema.
 */
export async function waitForDatabase(
  work: () => Promise<void>,
  { log, signal, longest }: { log: Log; signal: AbortSignal; longest: number },
): Promise<boolean> {
  let logged = { message: '', at: 0 };
  for (let pause = Math.min(firstPauseMs, longest); !signal.aborted; ) {
    try {
      await work();
      if (logged.message !== '') log.info('the database is available again');
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      if (!mayComeBack(error)) throw error;
      const message = `waiting for the database: ${messageOf(error)}`;
      if (message !== logged.message || performance.now() - logged.at > remindMs) {
        const hint = error instanceof ServoError ? error.hint : undefined;
        log.warn(hint === undefined ? message : `${message} — ${hint}`);
        logged = { message, at: performance.now() };
      }
      // Jitter of 25 %, so that a fleet does not reconnect in one moment.
      const jittered = pause * (0.75 + Math.random() / 2);
      await sleep(jittered, undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, longest);
    }
  }
  return false;
}
