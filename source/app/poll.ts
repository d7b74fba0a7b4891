import { setTimeout as sleep } from 'node:timers/promises';
import { ServoError } from '../errors.ts';

/** How long the database may be unreachable before polling gives up, in milliseconds. */
const longestOutage = 60_000;

/**
 * Calls `next` every `interval` milliseconds until it has `ended`; survives `outage` ms without the
 * database.
 */
export async function* poll<T extends { ended: boolean }>(
  next: () => Promise<T>,
  interval: number,
  outage = longestOutage,
): AsyncGenerator<T> {
  let lastReply = performance.now();
  for (;;) {
    try {
      const found = await next();
      lastReply = performance.now();
      yield found;
      if (found.ended) return;
    } catch (error) {
      const unreachable = error instanceof ServoError && error.code === 'database_unreachable';
      if (!unreachable || performance.now() - lastReply > outage) throw error;
    }
    await sleep(interval);
  }
}
