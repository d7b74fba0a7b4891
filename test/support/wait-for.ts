import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a fact: asks again and again until `look` gives something else than undefined, null or false. How long that takes
 * is no part of any test; only a fact that never comes about fails, by `timeout` ms, with what was last seen.
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T> | T,
  options: { timeout?: number; seen?: () => unknown } = {},
): Promise<NonNullable<T>> {
  const until = performance.now() + (options.timeout ?? 45_000);
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<T>;
    if (performance.now() > until) {
      const seen = options.seen === undefined ? '' : `: ${JSON.stringify(await options.seen())}`;
      throw new Error(`waited in vain for ${what}${seen}`);
    }
    await sleep(10);
  }
}
