import { userInfo } from 'node:os';
import { parse, toClientConfig } from 'pg-connection-string';
import type { ConnectionSettings } from '../database/settings.ts';
import { messageOf, type Problem } from '../errors.ts';
import { hostsFromVariables, splitHosts, targetOf } from './hosts.ts';
import { tlsOf, tlsProblem, withTlsVariables } from './tls.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads a postgres:// URL with libpq's meaning of `sslmode`, so that psql and this program connect
 * to the same server in the same way. Problems never quote the URL: it may hold a password.
 */
export function connectionFromUrl(
  what: string,
  url: string,
  env: Variables,
): ConnectionSettings | Problem {
  const hint = 'write it as postgres://user@host:5432/database';
  if (!/^postgres(ql)?:\/\//.test(url))
    return { message: `${what} is not a valid postgres:// URL`, hint };
  const defaults = settingsFromVariables(env);
  if ('message' in defaults) return defaults;
  try {
    const several = splitHosts(url, defaults.port);
    const whole = withTlsVariables(several?.url ?? url, env);
    const problem = tlsProblem(whole);
    if (problem !== null) return { message: `${what}: ${problem}`, hint };
    const parsed = parse(whole, { useLibpqCompat: true });
    if (parsed.service)
      return { message: `${what} names a service, but service files are not supported`, hint };
    const target = targetOf(String(parsed.target_session_attrs ?? env.PGTARGETSESSIONATTRS ?? ''));
    if (target === undefined)
      return {
        message: `${what}: invalid target_session_attrs: expected any, read-write or primary`,
        hint,
      };
    const given = toClientConfig(parsed);
    const user = given.user || defaults.user;
    const { hosts } = given.host ? (several ?? {}) : defaults;
    const host = given.host || defaults.host;
    return {
      host,
      port: given.port ?? defaults.port,
      ...(hosts === undefined ? {} : { hosts, ...target }),
      user,
      ...(given.password ? { password: String(given.password) } : {}),
      database: given.database || env.PGDATABASE || user,
      ...tlsOf(whole, host),
      application_name: given.application_name || applicationName,
    };
  } catch (error) {
    // Names an unreadable certificate, but never quotes the URL.
    const cause = 'path' in (error as object) ? `: ${messageOf(error)}` : '';
    return { message: `${what} is not a valid postgres:// URL${cause}`, hint };
  }
}

/** A password is looked up when the server asks for it. */
export function connectionFromVariables(env: Variables): ConnectionSettings | Problem {
  const settings = settingsFromVariables(env);
  if ('message' in settings) return settings;
  const url = withTlsVariables('postgres://host', env);
  const problem = tlsProblem(url);
  if (problem !== null) return { message: `PGSSLMODE: ${problem}` };
  try {
    return { ...settings, ...tlsOf(url, settings.host) };
  } catch (error) {
    return { message: `a certificate of PGSSL* cannot be read: ${messageOf(error)}` };
  }
}

function settingsFromVariables(env: Variables): ConnectionSettings | Problem {
  const host = env.PGHOST || 'localhost';
  const hosts = hostsFromVariables(host, env.PGPORT || '5432');
  const addresses = hosts ?? [{ host, port: Number(env.PGPORT || 5432) }];
  if (addresses.some(({ port }) => !Number.isInteger(port) || port < 1 || port > 65_535))
    return { message: 'invalid PGPORT: expected 1 to 65535' };
  const target = targetOf(env.PGTARGETSESSIONATTRS ?? '');
  if (target === undefined)
    return { message: 'invalid PGTARGETSESSIONATTRS: expected any, read-write or primary' };
  const user = env.PGUSER || userName(env);
  return {
    ...addresses[0]!,
    ...(hosts === null ? {} : { hosts, ...target }),
    user,
    database: env.PGDATABASE || user,
    application_name: applicationName,
  };
}

const applicationName = 'servo-tui';

export function userName(env: Variables): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER || `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
