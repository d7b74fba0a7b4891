import { parse, toClientConfig } from 'pg-connection-string';
import type { ConnectionSettings } from '../database/settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * libpq's TLS variables by URL parameter; the parameter has precedence. pg reads PGSSLMODE only,
 * and differently from libpq.
 */
const variables: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/**
 * `prefer` is treated as `require`, so that a connection is never silently unencrypted, and `allow`
 * as `disable`.
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

/** What is wrong with the TLS parameters of a URL, or null. */
export function tlsProblem(url: string): string | null {
  const given = new URLSearchParams(url.split('?')[1] ?? '');
  const mode = given.get('sslmode');
  if (mode !== null && !modes.includes(mode))
    return `invalid sslmode "${mode}": expected ${modes.join(', ')}`;
  if (mode === 'verify-ca' && !given.get('sslrootcert'))
    return 'sslmode=verify-ca requires sslrootcert=FILE, the CA of the server’s certificate';
  return null;
}

/**
 * TLS settings for a connection to this host; none for a socket. Throws for an unreadable
 * certificate.
 */
export function tlsOf(url: string, host: string): Pick<ConnectionSettings, 'ssl'> {
  if (host.startsWith('/')) return {};
  const parsed = parse(url, { useLibpqCompat: true });
  const ssl =
    parsed.sslmode === 'allow' ? false : (toClientConfig(parsed).ssl as ConnectionSettings['ssl']);
  return ssl === undefined ? {} : { ssl };
}
