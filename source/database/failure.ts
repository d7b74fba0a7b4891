import pg from 'pg';
import { type ErrorCode, messageOf, ServoError } from '../errors.ts';
import { type ConnectionSettings, describeConnection } from './settings.ts';

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The server's SQLSTATE, also of a ServoError's cause; null if the server did not answer. */
export function answeredCode(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof pg.DatabaseError) return cause.code ?? null;
  return null;
}

const hints: Readonly<Record<string, string>> = {
  '28P01': 'check the password (PGPASSWORD, ~/.pgpass or the connection settings)',
  '28000': 'the server does not let this role log in: check the user, and pg_hba.conf',
  '3D000': 'create the database, or check its name',
  '53300': 'the server has no connection left: close some, or raise max_connections',
  '57P03': 'the server is starting up or shutting down: try again in a moment',
  '25006':
    'the server is read-only: it is a standby, or default_transaction_read_only is on (servo-tui doctor says which)',
  ENOTFOUND: 'unknown host name: check the host',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name: use that as the host, or set sslmode=verify-ca',
  EAI_AGAIN: 'the host name cannot be resolved now: check the host and the network',
};

const untrusted = /CERT|^UNABLE_TO_|^INVALID_CA$|^HOSTNAME_MISMATCH$/;

/** pg reports it without a code. */
const noTls = /server does not support SSL/;

function hintOf(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (code in hints) return hints[code]!;
  if (untrusted.test(code))
    return 'name the CA that signed the certificate: sslrootcert=FILE in the URL, or PGSSLROOTCERT';
  if (noTls.test(messageOf(error)))
    return 'enable ssl in the server, or set sslmode=disable on a trusted network';
  return 'check that the server is running and reachable from this host';
}

/** The connection is lost, was refused or never made; another one may work. */
export function isConnectionFailure(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) {
    if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
      return code.startsWith('08') || code.startsWith('57P') || code in hints;
    }
    return /^E[A-Z_]+$/.test(code) || code === 'ERR_SOCKET_CLOSED' || untrusted.test(code);
  }
  if (noTls.test(messageOf(error))) return true;
  return /connection (terminated|ended|error)|client (was closed|has encountered)|query read timeout|timeout (exceeded|expired)|not queryable/i.test(
    messageOf(error),
  );
}

/** pg's message, without a code, if the server asks for a password and none was found. */
const noPassword = /^SASL: .*client password must be/;

/** A refused login or database, which does not pass by waiting. */
const refused = /^(28|3D000$)/;

/** Whether the same may work later without a change of settings. */
export function mayComeBack(error: unknown): boolean {
  const cause = error instanceof ServoError ? error.cause : error;
  const code = codeOf(cause) ?? '';
  const message = messageOf(cause);
  if (refused.test(code) || untrusted.test(code) || noTls.test(message) || noPassword.test(message))
    return false;
  return isConnectionFailure(cause);
}

/** The role has the right, but a policy refuses the row: a grant would not help. */
const policyRefusal = /^new row violates row-level security policy/;

const serverLimits: Readonly<Record<string, { code: ErrorCode; hint: string }>> = {
  '53100': { code: 'database_unreachable', hint: "the database server's disk is full" },
  '53200': { code: 'database_unreachable', hint: 'the database server is out of memory' },
  '22P05': { code: 'usage', hint: 'the database must be UTF8: see servo-tui doctor' },
  '22021': { code: 'usage', hint: 'the database must be UTF8: see servo-tui doctor' },
};

const missingObject = new Set(['42P01', '42883', '42703', '3F000']);

/** Quoted if a statement needs that. */
function asIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);
}

/**
 * Explains a failed statement: unreachable (exit 5), a missing right (exit 4: the database answers,
 * so trying again does not help), no usable schema (exit 6). Other errors, our own faults, are
 * returned as they are.
 */
export function explainFailure(error: unknown, settings: ConnectionSettings): unknown {
  if (error instanceof ServoError) return error;
  const code = codeOf(error) ?? '';
  if (missingObject.has(code)) {
    return new ServoError(
      'schema',
      `${describeConnection(settings)} has no usable schema: ${messageOf(error)}`,
      {
        hint: 'run: servo-tui migrate',
        cause: error,
      },
    );
  }
  if (code === '42501') {
    const user = asIdentifier(settings.user);
    return new ServoError(
      'permission_denied',
      `${describeConnection(settings)}: ${messageOf(error)}`,
      {
        hint: policyRefusal.test(messageOf(error))
          ? `${user} may not write this row: the role is bound to another tenant, or only executors write it`
          : `have a superuser run: grant servo_operator to ${user} (to read and act), or: grant servo_app to ${user} (also to run executors and prune); servo-tui migrate --roles creates these roles`,
        cause: error,
      },
    );
  }
  if (noPassword.test(messageOf(error))) {
    return new ServoError(
      'database_unreachable',
      `cannot log in as ${describeConnection(settings)}: the server asks for a password, and none is set`,
      {
        hint: 'set PGPASSWORD, add a line to ~/.pgpass (or the file in PGPASSFILE), or put it into the URL',
        cause: error,
      },
    );
  }
  const limit = serverLimits[code];
  if (limit !== undefined) {
    return new ServoError(limit.code, `${describeConnection(settings)}: ${messageOf(error)}`, {
      hint: limit.hint,
      cause: error,
    });
  }
  if (!isConnectionFailure(error)) return error;
  return new ServoError(
    'database_unreachable',
    `cannot reach ${describeConnection(settings)}: ${messageOf(error)}`,
    {
      hint: hintOf(error),
      cause: error,
    },
  );
}
