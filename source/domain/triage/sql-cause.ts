import type { FailureCause } from './cause-names.ts';

/** As `sql-outcome.ts` writes it: `… (SQLSTATE 42501, role servo_app)`. */
const stated = /^([\s\S]*?) ?\(SQLSTATE ([0-9A-Z]{5})(?:, role ([^)\n]+))?\)/;

type Describe = (said: string, role: string) => Omit<FailureCause, 'name'>;
type Row = { codes: readonly string[]; name: FailureCause['name']; of: Describe };

const quoted = /"([^"]+)"/;

/** By SQLSTATE or class; the first match wins. */
const rows: readonly Row[] = [
  {
    codes: ['42501'],
    name: 'missing_grant',
    of: (said, role) => ({ title: 'A right is missing', advice: grantFor(said, role) }),
  },
  {
    codes: ['42P01', '42703', '42883', '42704', '3F000'],
    name: 'schema_change',
    of: (said) => ({
      title: 'Schema changes mid-backfill',
      advice: `${said.split('\n', 1)[0]}: create it, or correct the handler (was it dropped or renamed, or is it in a schema that the search_path leaves out?); then retry`,
    }),
  },
  {
    codes: ['40001', '40P01', '55P03'],
    name: 'conflict',
    of: () => ({
      title: 'Conflicts between transactions',
      advice: 'conflicts are retried; if they go on, lower the parallelism',
    }),
  },
  {
    codes: ['57014'],
    name: 'cancelled',
    of: (said) => ({
      title: 'The statement was cancelled',
      advice: /statement timeout/.test(said)
        ? 'raise statement_timeout for this role, or make the statement faster'
        : 'it was cancelled (pg_cancel_backend), and is retried',
    }),
  },
  {
    codes: ['53'],
    name: 'resource_exhaustion',
    of: (said) => ({
      title: 'Resource exhaustion (memory, CPU)',
      advice: `the server is out of ${means(said)}: look at the database server`,
    }),
  },
  {
    codes: ['08', '57P'],
    name: 'upstream_unavailable',
    of: () => ({
      title: 'Upstream data source unavailable',
      advice: 'check the server that the handler calls; the job goes on when it answers',
    }),
  },
];

/** Null without a SQLSTATE, or with one that shows no cause. */
export function causeBySqlstate(message: string): FailureCause | null {
  const [, said = '', code = '', role = 'the role of the executor'] = stated.exec(message) ?? [];
  const row = rows.find(({ codes }) => codes.some((one) => code !== '' && code.startsWith(one)));
  return row === undefined ? null : { name: row.name, ...row.of(said, role) };
}

function means(said: string): string {
  if (/disk|space/i.test(said)) return 'disk space';
  if (/connection|client/i.test(said)) return 'connections';
  return /memory/i.test(said) ? 'memory' : 'resources';
}

/** Object kinds of `permission denied for …`, with the rights to grant. */
const grants: Readonly<Record<string, string>> = {
  table: 'select, insert, update, delete on table',
  view: 'select on table',
  'materialized view': 'select on table',
  'foreign table': 'select on table',
  sequence: 'usage, select on sequence',
  schema: 'usage on schema',
  function: 'execute on function',
  procedure: 'execute on procedure',
  database: 'connect, create on database',
  type: 'usage on type',
  language: 'usage on language',
  'foreign server': 'usage on foreign server',
  'foreign-data wrapper': 'usage on foreign data wrapper',
};

function grantFor(said: string, role: string): string {
  const [, kind = '', name = ''] =
    /permission denied for ([a-z -]+?) "?([^\s"]+)"?$/m.exec(said) ?? [];
  const grantee = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  const grant = grants[kind];
  if (grant !== undefined) return `run: grant ${grant} ${name} to ${grantee}; then retry`;
  const owner = quoted.exec(said)?.[1] ?? name;
  return `${said.split('\n', 1)[0]}: only its owner may do that${owner === '' ? '' : ` (${owner})`}; run the handler as its owner, or have the owner do it; then retry`;
}
