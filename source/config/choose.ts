import type { ConnectionSettings } from '../database/settings.ts';
import { nearest } from '../domain/text/nearest.ts';
import type { Problem } from '../errors.ts';
import { connectionFromUrl, connectionFromVariables } from './connection.ts';
import type { ConfigFile, Context } from './file.ts';
import type { Variables } from './variables.ts';

export type DatabaseSource =
  | {
      kind: 'server';
      read: ConnectionSettings;
      write: ConnectionSettings;
      from: string;
    }
  | { kind: 'embedded'; from: string };

export type Choice = {
  database: DatabaseSource | null;
  context: (Context & { name: string }) | null;
  ignored: string[];
};

const databaseSources = 'set DATABASE_URL, --context or --embedded, or try: servo-tui demo';
const noDatabase: Problem = { message: `no database: ${databaseSources}`, hint: databaseSources };

/**
 * Exactly one source: a URL from one with a tenant from another causes accidents. Flags precede
 * variables, a context precedes the rest of the environment. Null: `problems` say why.
 */
export function chooseDatabase(
  flags: { context?: string; embedded?: boolean },
  env: Variables,
  file: ConfigFile,
  problems: Problem[],
): Choice | null {
  const none = { database: null, context: null, ignored: [] };
  if (flags.context !== undefined && flags.embedded === true) {
    problems.push({ message: '--context and --embedded are mutually exclusive' });
    return null;
  }
  if (flags.context !== undefined) return fromContext(flags.context, env, file, problems);
  if (flags.embedded === true) return embedded('--embedded', env);
  if (env.SERVO_CONTEXT && isOn(env.SERVO_EMBEDDED)) {
    problems.push({ message: 'SERVO_CONTEXT and SERVO_EMBEDDED are both set', hint: 'unset one' });
    return null;
  }
  if (env.SERVO_CONTEXT) return fromContext(env.SERVO_CONTEXT, env, file, problems);
  if (isOn(env.SERVO_EMBEDDED)) return embedded('SERVO_EMBEDDED', env);
  if (env.DATABASE_URL) {
    const connection = connectionFromUrl('DATABASE_URL', env.DATABASE_URL, env);
    return { ...none, database: server(connection, connection, 'DATABASE_URL', problems) };
  }
  if (env.PGSERVICE) {
    problems.push(serviceProblem(env.PGSERVICE));
    return none;
  }
  const named = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER'].filter((name) => env[name]);
  if (named.length > 0) {
    const connection = connectionFromVariables(env);
    return { ...none, database: server(connection, connection, named.join(', '), problems) };
  }
  if (file.fallback !== null) return fromContext(file.fallback, env, file, problems);
  problems.push(noDatabase);
  return none;
}

/** psql would connect to that service's database: better to fail than to use another. */
function serviceProblem(name: string): Problem {
  return {
    message: `PGSERVICE is set to "${name}", but service files are not supported`,
    hint: 'set DATABASE_URL, or PGHOST, PGPORT, PGDATABASE and PGUSER, and unset PGSERVICE',
  };
}

export function isOn(value: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(value ?? '');
}

function embedded(from: string, env: Variables): Choice {
  return { database: { kind: 'embedded', from }, context: null, ignored: connectionVariables(env) };
}

function fromContext(
  name: string,
  env: Variables,
  file: ConfigFile,
  problems: Problem[],
): Choice | null {
  if (!Object.hasOwn(file.contexts, name)) {
    const message = `unknown context "${name}" in ${file.path}`;
    problems.push({ message, hint: knownContexts(name, file) });
    return null;
  }
  const section = file.contexts[name]!;
  const besides = ['TENANT_ID', 'SERVO_TENANT', 'SERVO_EMBEDDED'].filter((other) => env[other]);
  const choice: Choice = {
    database: null,
    context: { ...section, name },
    // Password sources name no database, so they count for a context too.
    ignored: [...connectionVariables(env).filter((one) => !isPasswordSource(one)), ...besides],
  };
  const from = `context ${name}`;
  if (section.embedded === true) return { ...choice, database: { kind: 'embedded', from } };
  if (section.database_url === undefined) {
    const hint = `add database_url in ${file.path}`;
    problems.push({ message: `context "${name}" has no database`, hint });
    return choice;
  }
  // Without variables: the environment must not complete the URL of a context.
  const read = connectionFromUrl(`database_url of ${from}`, section.database_url, {});
  const write = section.write_url
    ? connectionFromUrl(`write_url of ${from}`, section.write_url, {})
    : read;
  return { ...choice, database: server(read, write, from, problems) };
}

function server(
  read: ConnectionSettings | Problem,
  write: ConnectionSettings | Problem,
  from: string,
  problems: Problem[],
): DatabaseSource | null {
  for (const side of new Set([read, write])) if ('message' in side) problems.push(side);
  if ('message' in read || 'message' in write) return null;
  return { kind: 'server', read, write, from };
}

function isPasswordSource(name: string): boolean {
  return name === 'PGPASSWORD' || name === 'PGPASSFILE';
}

function connectionVariables(env: Variables): string[] {
  const names = Object.keys(env).filter(
    (name) => name === 'DATABASE_URL' || /^PG[A-Z]+$/.test(name),
  );
  return names.filter((name) => env[name]).sort();
}

function knownContexts(name: string, file: ConfigFile): string {
  const names = Object.keys(file.contexts);
  if (names.length === 0)
    return `the file has no contexts: add [${name}] with database_url and tenant`;
  const near = nearest(name, names);
  return `${near === null ? '' : `did you mean ${near}? `}known contexts: ${names.join(', ')}`;
}
