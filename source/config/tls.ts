import { parse, toClientConfig } from 'pg-connection-string';
import type { ConnectionSettings } from '../database/settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** libpq's variables for TLS, by the parameter of a URL that comes before each; of them, pg reads PGSSLMODE, and not as libpq does. */
const variables: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
};

/** `prefer` is `require`: a connection that should be encrypted never goes on in the clear. `allow` is `disable`. */
const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** A URL with what the variables say and it does not. */
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
  if (mode !== null && !modes.includes(mode)) return `sslmode may be ${modes.join(', ')}`;
  if (mode === 'verify-ca' && !given.get('sslrootcert'))
    return 'sslmode=verify-ca wants sslrootcert, the file of the authority that signed the server’s certificate';
  return null;
}

/** How the URL wants a connection to this host encrypted: a socket never is. Throws where a certificate cannot be read. */
export function tlsOf(url: string, host: string): Pick<ConnectionSettings, 'ssl'> {
  if (host.startsWith('/')) return {};
  const parsed = parse(url, { useLibpqCompat: true });
  const ssl =
    parsed.sslmode === 'allow' ? false : (toClientConfig(parsed).ssl as ConnectionSettings['ssl']);
  return ssl === undefined ? {} : { ssl };
}
