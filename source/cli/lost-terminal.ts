import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Closes each descriptor in `terminals` that is no longer a terminal. Call it last in the process:
 * Node 20 restores stdin, stdout and stderr at exit and dumps core if such a terminal has gone
 * (nodejs/node#58200), but ignores closed descriptors.
 */
export function closeLostTerminals(terminals: readonly number[]): void {
  for (const fd of terminals) {
    try {
      if (!isatty(fd)) closeSync(fd);
    } catch {
      // EBADF: already closed.
    }
  }
}

export function standardTerminals(): number[] {
  return [0, 1, 2].filter((fd) => isatty(fd));
}
