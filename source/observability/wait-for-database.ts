import { setTimeout as sleep } from 'node:timers/promises';
import { mayComeBack } from '../database/failure.ts';
import { messageOf, ServoError } from '../errors.ts';
import type { Log } from './log.ts';

const firstPauseMs = 250;
/** The same reason is told again after so long. */
const remindMs = 60_000;

/**
 * Does `work` as soon as the database lets it: tried again, with a pause that doubles up to `longest` ms, for as long as the
 * database is merely away. Answers false where `signal` came first. Throws what waiting does not mend: a refused login, no such
 * database, no usable schema.
 */
export async function waitForDatabase(
  work: () => Promise<void>,
  { log, signal, longest }: { log: Log; signal: AbortSignal; longest: number },
): Promise<boolean> {
  let told = { message: '', at: 0 };
  for (let pause = Math.min(firstPauseMs, longest); !signal.aborted; ) {
    try {
      await work();
      if (told.message !== '') log.info('the database is there');
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      if (!mayComeBack(error)) throw error;
      const message = `waiting for the database: ${messageOf(error)}`;
      if (message !== told.message || performance.now() - told.at > remindMs) {
        const hint = error instanceof ServoError ? error.hint : undefined;
        log.warn(hint === undefined ? message : `${message} — ${hint}`);
        told = { message, at: performance.now() };
      }
      // From three quarters to five quarters, so that a fleet does not knock all at once.
      const jittered = pause * (0.75 + Math.random() / 2);
      await sleep(jittered, undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, longest);
    }
  }
  return false;
}
