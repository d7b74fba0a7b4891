import { setTimeout as sleep } from 'node:timers/promises';
import { ServoError } from '../errors.ts';

/** How long the database may be away before one who follows gives up. */
const timeoutMs = 60_000;

/**
 * Reads again and again until `next` says that nothing more will come. A database that goes away is waited for, up to a minute: what is
 * followed goes on without us too.
 */
export async function* poll<T extends { ended: boolean }>(
  next: () => Promise<T>,
  interval: number,
  timeout = timeoutMs,
): AsyncGenerator<T> {
  let heard = performance.now();
  for (;;) {
    try {
      const found = await next();
      heard = performance.now();
      yield found;
      if (found.ended) return;
    } catch (error) {
      const away = error instanceof ServoError && error.code === 'database_unreachable';
      if (!away || performance.now() - heard > timeout) throw error;
    }
    await sleep(interval);
  }
}
