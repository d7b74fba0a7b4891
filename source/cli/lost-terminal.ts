import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Closes those of these descriptors whose terminal has been closed; to be called at the very end of
 * the process. Node 20 restores stdin, stdout and stderr when it ends, and aborts with a core dump
 * where such a terminal no longer answers (nodejs/node#58200); closed descriptors it leaves alone.
 */
export function closeLostTerminals(terminals: readonly number[]): void {
  for (const fd of terminals) {
    try {
      if (!isatty(fd)) closeSync(fd);
    } catch {
      // EBADF: it is closed already.
    }
  }
}

/** Those of stdin, stdout and stderr that are terminals now. */
export function standardTerminals(): number[] {
  return [0, 1, 2].filter((fd) => isatty(fd));
}
