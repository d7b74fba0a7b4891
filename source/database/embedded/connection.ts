import type { Client } from 'pg';
import { ServoError } from '../../errors.ts';
import { createClient } from '../client.ts';
import type { ConnectionSettings } from '../settings.ts';
import type { Installation } from './installation.ts';

/** Complete, so that PG* variables have no effect. */
export type EmbeddedSettings = ConnectionSettings & { ssl: false; options: string };

/** The role of all programs: row-level security applies to it. */
export const applicationRole = 'servo_app';

export function settingsFor(installation: Installation, user: string): EmbeddedSettings {
  return {
    host: installation.socketDirectory,
    port: 5432,
    database: 'postgres',
    user,
    ssl: false,
    options: '-c client_encoding=UTF8',
  };
}

/** `absent`: nothing listens. `busy`: the server is starting or stopping. */
type Probe = { state: 'ready'; version: string } | { state: 'busy' | 'absent'; cause: unknown };

/** Connects to the server, and creates the application's role if it is missing. */
export async function probeServer(installation: Installation): Promise<Probe> {
  try {
    return await onServer(installation, async (client) => {
      const { rows } = await client.query<{ version: string; has_role: boolean }>(
        `select current_setting('server_version') as version, to_regrole('${applicationRole}') is not null as has_role`,
      );
      if (!rows[0]!.has_role) await client.query(createRole);
      return { state: 'ready', version: rows[0]!.version };
    });
  } catch (cause) {
    return { state: stateAfter(cause as NodeJS.ErrnoException), cause };
  }
}

export type EmbeddedSession = { pid: number; user: string; database: string; application: string };

/** Sessions of the server; none if it does not answer. */
export function connectedSessions(installation: Installation): Promise<EmbeddedSession[]> {
  return onServer(installation, async (client) => {
    const { rows } = await client.query<EmbeddedSession>(
      `select pid, usename as user, datname as database, application_name as application
       from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() order by pid`,
    );
    return rows;
  }).catch(() => []);
}

/** On the same host; a caller asks again. In milliseconds. */
const timeoutMs = 5_000;

async function onServer<T>(
  installation: Installation,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const settings = settingsFor(installation, 'postgres');
  const client = createClient(settings, timeoutMs);
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Roles belong to the cluster, so two processes may create it at the same time. */
const createRole = `do $$ begin
  create role ${applicationRole} login nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null; end $$`;

function stateAfter(cause: NodeJS.ErrnoException): 'busy' | 'absent' {
  if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') return 'absent';
  if (cause.code === '53300') {
    throw new ServoError(
      'database_unreachable',
      'the embedded database has no free connection left',
      {
        hint: 'end some programs that use it, or restart it: servo-tui embedded stop',
        cause,
      },
    );
  }
  // 57P03: starting or stopping; no code: stopped while connecting.
  const passing =
    cause.code === undefined ||
    ['57P03', '57P01', 'ECONNRESET', 'EPIPE', 'EAGAIN'].includes(cause.code);
  if (passing) return 'busy';
  throw new ServoError(
    'database_unreachable',
    `the embedded database refuses the connection: ${cause.message}`,
    {
      hint: 'see: servo-tui embedded status',
      cause,
    },
  );
}
