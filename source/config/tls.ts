import { parse, toClientConfig } from 'pg-connection-string';
import type { ConnectionSettings } from '../database/settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** libpq's TLS variables by URL parameter, which has precedence. pg only reads PGSSLMODE. */
const variables: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/**
 * `prefer` counts as `require`, so that no connection is silently in the clear; `allow` as
 * `disable`.
 */
const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Adds the variables' values for parameters that the URL lacks. */
export function withTlsVariables(url: string, env: Variables): string {
  const given = new URLSearchParams(url.split('?')[1] ?? '');
  if (given.has('ssl')) return url;
  const added = Object.entries(variables)
    .filter(([parameter, name]) => env[name] && !given.has(parameter))
    .map(([parameter, name]) => `${parameter}=${encodeURIComponent(env[name]!)}`);
  if (added.length === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${added.join('&')}`;
}

export function tlsProblem(url: string): string | null {
  const given = new URLSearchParams(url.split('?')[1] ?? '');
  const mode = given.get('sslmode');
  if (mode !== null && !modes.includes(mode))
    return `invalid sslmode "${mode}": expected ${modes.join(', ')}`;
  if (mode === 'verify-ca' && !given.get('sslrootcert'))
    return 'sslmode=verify-ca requires sslrootcert=FILE, the CA of the server’s certificate';
  return null;
}

/** None for a socket. Throws for an unreadable certificate. */
export function tlsOf(url: string, host: string): Pick<ConnectionSettings, 'ssl'> {
  if (host.startsWith('/')) return {};
  const parsed = parse(url, { useLibpqCompat: true });
  const ssl =
    parsed.sslmode === 'allow' ? false : (toClientConfig(parsed).ssl as ConnectionSettings['ssl']);
  return ssl === undefined ? {} : { ssl };
}
