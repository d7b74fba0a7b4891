import { messageOf, ServoError } from '../../errors.ts';

const elsewhere = 'or use another database: DATABASE_URL';

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/i,
    `the disk is full: free some space, or set SERVO_EMBEDDED_HOME to a folder on another disk`,
  ],
  [
    /could not look up effective user ID/i,
    `PostgreSQL needs a user with a name: run as a user listed in /etc/passwd, ${elsewhere}`,
  ],
  [
    /invalid locale name/i,
    `the locale C is missing: check LOCPATH and the C library, ${elsewhere}`,
  ],
  [
    /has wrong ownership|invalid permissions|is not owned by/i,
    `the data folder was made by another user: start over: servo-tui embedded reset`,
  ],
  [
    /is not a valid data directory|is missing|corrupt|invalid (primary )?checkpoint|could not locate a valid checkpoint|PANIC/i,
    `the data folder is damaged: start over: servo-tui embedded reset`,
  ],
  [
    /could not (create|map).*shared memory|Cannot allocate memory|ENOMEM/i,
    `the system is out of memory: stop other programs, ${elsewhere}`,
  ],
  [
    /error while loading shared libraries|GLIBC|symbol not found/i,
    `these programs need glibc 2.17 or newer and do not run on Alpine: use another database: DATABASE_URL`,
  ],
  [
    /EACCES|EPERM|EROFS|Permission denied|Operation not permitted|Read-only file system/i,
    `the folder may be read-only, closed to that user, or mounted noexec: set SERVO_EMBEDDED_HOME to another one, ${elsewhere}`,
  ],
];

/**
 * `output` is what the program printed: the line with a known remedy goes into the message, else
 * the last four. A ServoError is returned as it is.
 */
export function failure(what: string, output: string, cause?: unknown): ServoError {
  if (cause instanceof ServoError) return cause;
  const lines = linesOf(output || (cause === undefined ? '' : messageOf(cause)));
  for (const [pattern, hint] of remedies) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined) return unreachable(`${what}: ${line}`, hint, cause);
  }
  const tail = lines.slice(-4).join(' | ');
  return unreachable(
    tail ? `${what}: ${tail}` : what,
    `start over: servo-tui embedded reset, ${elsewhere}`,
    cause,
  );
}

function unreachable(message: string, hint: string, cause: unknown): ServoError {
  return new ServoError('database_unreachable', message, { hint, cause });
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.replace(/^.*?\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] /, '').trim())
    .filter((line) => line !== '' && !line.endsWith(' ok'));
}
