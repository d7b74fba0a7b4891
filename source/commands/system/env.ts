import { onHost } from '../../app/command.ts';
import { onTenant } from '../../cli/spec.ts';
import type { ConnectionSettings } from '../../database/settings.ts';

/**
 * `eval "$(servo-tui env)"` sets what the runbooks' SQL needs. The tenant is part of the URL:
 * without it row-level security shows nothing. For direct connections: PgBouncer refuses `options`.
 */
export const env = onHost({
  spec: {
    name: 'env',
    usage: '[--password]',
    summary: "variables with which the runbooks' psql lines work as printed",
    flags: [{ name: 'password', help: 'with the password, which is left out otherwise' }],
    examples: [['env', 'eval "$(servo-tui env)" sets them']],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./env-json.ts'),
  read: (_, flags) => ({ withPassword: flags.has('password') }),
  async run({ withPassword }, { settings, io }) {
    const { connectionsOf } = await import('../../app/session.ts');
    const { read } = await connectionsOf(settings);
    const tenant = settings.tenants[0]!;
    const password = withPassword ? read.password : undefined;
    const variables = { DATABASE_URL: urlOf({ ...read, password }, tenant), TENANT_ID: tenant };
    if (read.password !== undefined && password === undefined) {
      io.stderr.write(
        'the password is left out: set PGPASSWORD, or have it printed with: servo-tui env --password\n',
      );
    }
    const lines = Object.entries(variables).map(
      ([name, value]) => `export ${name}=${quoted(value)}\n`,
    );
    return {
      json: { tenant_id: tenant, database_url: variables.DATABASE_URL },
      text: () => lines.join(''),
    };
  },
});

function urlOf(connection: ConnectionSettings, tenant: string): string {
  const { host, port, user, password, database, ssl } = connection;
  const socket = host.startsWith('/');
  const login = `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}`;
  const parameters = [
    ...(socket ? [`host=${encodeURIComponent(host)}`, `port=${port}`] : []),
    ...(ssl ? [`sslmode=${modeOf(ssl)}`] : []),
    `options=${encodeURIComponent(`-c app.current_tenant=${tenant.replace(/[\\ ]/g, '\\$&')}`)}`,
  ];
  const place = socket ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `postgres://${login}@${place}/${encodeURIComponent(database)}?${parameters.join('&')}`;
}

function modeOf(ssl: Exclude<ConnectionSettings['ssl'], undefined>): string {
  if (typeof ssl === 'boolean') return 'require';
  if (ssl.rejectUnauthorized === false) return 'require';
  return 'checkServerIdentity' in ssl ? 'verify-ca' : 'verify-full';
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
