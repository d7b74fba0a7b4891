import type { OutageKind, Outcome } from './attempt.ts';

/**
 * Who caused an attempt's error, decided here alone, by the error's code.
 *
 * - `partition`: the handler. It counts; the next attempt follows a back-off.
 * - `permanent`: the handler, and no retry can fix it: a missing table or right, a syntax error.
 *   It counts; the back-off is long, and repeated errors pause the job.
 * - an outage: something that the attempt needs is unavailable. It does not count; the job backs
 *   off on this executor.
 */
export type Origin = 'partition' | 'permanent' | OutageKind;

/**
 * By SQLSTATE from a working connection, the exact code before its class. A code of a lost
 * connection (08, 57P) then comes from a remote server that the statement called (postgres_fdw,
 * dblink).
 */
const sqlstates: Readonly<Record<string, Origin>> = {
  '08': 'endpoint',
  // The remote server stops, or has no connection left.
  '57P01': 'endpoint',
  '57P02': 'endpoint',
  '57P03': 'endpoint',
  '53300': 'endpoint',
  // Missing feature, login, database or schema; "syntax error or access rule violation".
  '0A': 'permanent',
  '28': 'permanent',
  '3D': 'permanent',
  '3F': 'permanent',
  '42': 'permanent',
};

/** By error code of a system call, of OpenSSL or of Node. */
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

/** By error code of a program that did not start; other codes as above. */
const spawnCodes: Readonly<Record<string, Origin>> = {
  ENOENT: 'program',
  EACCES: 'program',
  EPERM: 'program',
  ENOTDIR: 'program',
  ELOOP: 'program',
  // It is being written.
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

type Loss = {
  /** Last SQLSTATE from the server, if any. */
  said: string | null;
  /** The server has restarted since, or is another one. */
  restarted: boolean;
  /** Whether this executor's other session broke too, and its last SQLSTATE. */
  other: { said: string | null } | null;
};

/** The server ends a session because another backend crashed. */
const crashOfAnother = '57P02';

/**
 * Whether a lost connection means that the attempt crashed its backend: only its own session broke,
 * or the others were told of a crash (57P02) and this one was not. Restarts, failovers and network
 * failures break every connection and count for no attempt.
 */
export function isCrash({ said, restarted, other }: Loss): boolean {
  if (restarted || said === crashOfAnother) return false;
  return other === null || (other.said === crashOfAnother && said === null);
}
