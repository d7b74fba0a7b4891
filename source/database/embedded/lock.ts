import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ServoError } from '../../errors.ts';
import { failure } from './failure.ts';

const timeoutMs = 120_000;

/**
 * Runs `work` while no other process of this home does. The lock of a killed process goes stale after five
 * seconds. It saves double work only: that two servers never share a data folder is seen to by PostgreSQL,
 * and half-made folders never get their final name, so a lock that is lost meanwhile does no harm.
 */
export async function withLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const release = await acquire(home);
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

async function acquire(home: string): Promise<() => Promise<void>> {
  const deadline = performance.now() + timeoutMs;
  const lockfilePath = join(home, 'lock');
  for (;;) {
    try {
      return await lockfile.lock(home, {
        lockfilePath,
        stale: 5_000,
        update: 1_000,
        onCompromised: () => {},
      });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') {
        throw failure(`cannot lock the embedded database's folder ${home}`, '', cause);
      }
      if (performance.now() > deadline) {
        throw new ServoError(
          'database_unreachable',
          `another process has been holding ${lockfilePath} for ${timeoutMs / 1000} s`,
          {
            hint: 'it starts or stops the embedded database: end it, or wait until it is done',
            cause,
          },
        );
      }
      await sleep(100);
    }
  }
}
