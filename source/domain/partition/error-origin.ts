import type { Outcome, OutageKind } from './attempt.ts';

/**
 * Whose an error is that an attempt ended with. This is the one place that decides it, by the code
 * that the error carries.
 *
 * - `partition`: the handler's. It counts, and is tried again after a back-off.
 * - `permanent`: the handler's, but no retry can mend it: a missing table, a missing right, a
 *   syntax error. It counts, is tried again after a long back-off, and pauses the job when it is
 *   repeated.
 * - a kind of trouble: something that the attempt needs is away. It does not count; the job rests
 *   on this executor.
 */
export type Origin = 'partition' | 'permanent' | OutageKind;

/**
 * By SQLSTATE, of an error that a living connection answered with; the exact code counts before its
 * class. A code of a lost connection (08, 57P) is then that of a remote that the statement called
 * (postgres_fdw, dblink), not ours.
 */
const sqlstates: Readonly<Record<string, Origin>> = {
  '08': 'endpoint',
  // The remote's server stops, or has no connection left.
  '57P01': 'endpoint',
  '57P02': 'endpoint',
  '57P03': 'endpoint',
  '53300': 'endpoint',
  // A feature that is not there, a login, a database, a schema, and all of "syntax error or access
  // rule violation".
  '0A': 'permanent',
  '28': 'permanent',
  '3D': 'permanent',
  '3F': 'permanent',
  '42': 'permanent',
};

/** By the error code of a system call, of OpenSSL or of Node. */
const codes: Readonly<Record<string, Origin>> = {
  ECONNREFUSED: 'endpoint',
  ECONNRESET: 'endpoint',
  ECONNABORTED: 'endpoint',
  ENOTFOUND: 'endpoint',
  EAI_AGAIN: 'endpoint',
  ETIMEDOUT: 'endpoint',
  EHOSTUNREACH: 'endpoint',
  EHOSTDOWN: 'endpoint',
  ENETUNREACH: 'endpoint',
  ENETDOWN: 'endpoint',
  EPIPE: 'endpoint',
  UND_ERR_CONNECT_TIMEOUT: 'endpoint',
  UND_ERR_SOCKET: 'endpoint',
  EMFILE: 'host',
  ENFILE: 'host',
  EAGAIN: 'host',
  ENOMEM: 'host',
  EADDRNOTAVAIL: 'host',
  ERR_WORKER_INIT_FAILED: 'host',
  ERR_MODULE_NOT_FOUND: 'permanent',
  MODULE_NOT_FOUND: 'permanent',
  ERR_PACKAGE_PATH_NOT_EXPORTED: 'permanent',
  ERR_UNSUPPORTED_DIR_IMPORT: 'permanent',
  ERR_UNKNOWN_FILE_EXTENSION: 'permanent',
};

/** By the error code of a program that could not be started; others as above. */
const spawnCodes: Readonly<Record<string, Origin>> = {
  ENOENT: 'program',
  EACCES: 'program',
  EPERM: 'program',
  ENOTDIR: 'program',
  ELOOP: 'program',
  // It is being written at this moment.
  ETXTBSY: 'program',
  ESTALE: 'program',
  EIO: 'program',
};

export function originOfSqlstate(code: string): Origin {
  return sqlstates[code] ?? sqlstates[code.slice(0, 2)] ?? 'partition';
}

export function originOfCode(code: string | undefined): Origin {
  return codes[code ?? ''] ?? (/CERT|^UNABLE_TO_/.test(code ?? '') ? 'permanent' : 'partition');
}

export function originOfSpawn(code: string | undefined): Origin {
  return spawnCodes[code ?? ''] ?? originOfCode(code);
}

export function outcomeByOrigin(origin: Origin, message: string): Outcome {
  if (origin === 'partition') return { kind: 'failed', message };
  if (origin === 'permanent') return { kind: 'failed', message, permanent: true };
  return { kind: 'unavailable', message, of: origin };
}

/** What is known when the connection broke under an attempt. */
export type Loss = {
  /** What the server said last, if it said anything: a SQLSTATE. */
  said: string | null;
  /** The server has been started anew meanwhile, or is another one. */
  restarted: boolean;
  /** Whether this executor's other session broke at the same time, and what the server told it. */
  other: { said: string | null } | null;
};

/** The server ends a session because another one's process has crashed. */
const crashOfAnother = '57P02';

/**
 * Whether the loss of its connection is that attempt's crash. It is where only that one broke: the
 * statement may have ended its own backend. Where a backend crashes, the server ends all others and
 * tells them so; the one that is told nothing is the one that crashed. Restarts, failovers and cut
 * networks break every connection, and are nobody's crash.
 */
export function isCrash({ said, restarted, other }: Loss): boolean {
  if (restarted || said === crashOfAnother) return false;
  return other === null || (other.said === crashOfAnother && said === null);
}
