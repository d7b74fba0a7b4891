import type pg from 'pg';
import { withValues } from './statement-text.ts';
import { outgoing } from './values.ts';

/**
 * Settings of server, database or role on which our results, parses and errors depend, with the value that our own sessions have.
 * Time-outs are ours to decide: handlers have theirs by attempt, statements by `timeout`. Not among them is what an operator means by
 * setting it: search_path, default_transaction_read_only (migrate refuses, executors wait), synchronous_commit, tablespaces.
 */
export const ownSettings = {
  // How values are written and read.
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  array_nulls: 'on',
  xmlbinary: 'base64',
  // How statements are parsed.
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  escape_string_warning: 'on',
  quote_all_identifiers: 'off',
  transform_null_equals: 'off',
  // What a transaction sees, and how long it may take.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  exit_on_error: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
} as const satisfies Readonly<Record<string, string>>;

/** The same of settings that older servers do not have. */
export const newerSettings = {
  /** From PostgreSQL 14 on. */
  idle_session_timeout: '0',
  /** From PostgreSQL 17 on. */
  transaction_timeout: '0',
} as const satisfies Readonly<Record<string, string>>;

/** Settings that are an operator's, or a superuser's, and not ours to change: `doctor` tells of them. */
export const foreignSettings = {
  default_transaction_read_only: 'off',
  session_replication_role: 'origin',
  synchronous_commit: 'on',
} as const satisfies Readonly<Record<string, string>>;

/** A list for SELECT that sets them all; `local` is SQL: whether for the transaction rather than for the session. */
function settingsSql(local: string): string {
  const known = Object.entries(ownSettings).map(
    ([name, value]) => `set_config('${name}', '${value}', ${local})`,
  );
  const newer = Object.entries(newerSettings).map(
    ([name, value]) =>
      `case when current_setting('${name}', true) is not null then set_config('${name}', '${value}', ${local}) end`,
  );
  return [...known, ...newer].join(', ');
}

/** For the message that begins a transaction: through a pooler a session is not ours to set. */
export const localSettings = settingsSql('true');

/**
 * Sets them for a session, unless a pooler stands in between: there the backend's pid is another one than the client was told, they last for
 * this statement only, and nothing is left for the pooler's other clients.
 */
const sessionStatement = `select pg_backend_pid() is distinct from $1::integer as pooled, ${settingsSql(
  'pg_backend_pid() is distinct from $1::integer',
)}`;

type Settled = {
  pooled?: boolean;
  processID?: number | null;
  /** pg's: whether a statement is sent before the one before it has been answered. */
  pipeline?: boolean;
  settling?: Promise<void>;
};

/** Clients of this kind whose session has our settings from its beginning, and again after `settle`. */
export function settledKind(kind: typeof pg.Client): typeof pg.Client {
  return class extends kind {
    constructor(config?: pg.ClientConfig) {
      super(config);
      // A server may end the session before its settings are answered, and nobody else listens yet: that would end the process.
      this.on('error', () => {});
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    // biome-ignore lint/suspicious/noConfusingVoidType: the two shapes that pg declares
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      const connecting = super.connect().then(async () => {
        const settling = settle(this);
        (this as Settled).settling = settling;
        // What is asked next travels with it. A session without our settings is not used again.
        if ((this as Settled).pipeline === true)
          settling.catch(() => void this.end().catch(() => {}));
        else await settling;
        return this;
      });
      if (callback === undefined) return connecting;
      // pg's pool looks for an error, and for nothing else.
      connecting.then(
        () => callback(null as unknown as Error),
        (error) => {
          void this.end().catch(() => {});
          callback(error);
        },
      );
    }
  };
}

/** Brings a session to our settings: when it begins, and after a RESET ALL or DISCARD ALL. */
export async function settle(client: pg.ClientBase): Promise<void> {
  const settled = client as Settled;
  const { rows } = await client.query(sessionStatement, [settled.processID ?? null]);
  settled.pooled = rows[0].pooled;
}

/** Whether a pooler stands before this client's server. */
function isBehindPooler(client: pg.ClientBase): boolean {
  return (client as Settled).pooled === true;
}

/** What comes before a statement in its own message, where a session is not ours to set. */
const isolation = 'set transaction isolation level read committed';
const before = `${isolation}; select ${localSettings}`;

/**
 * One statement by itself with our settings, in one message. Several statements in one message are one transaction: behind a pooler too none
 * is left half-sent, with a job's lock, by a process that freezes.
 */
export function queryAlone<Row extends object>(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return alone(client, before, text, values);
}

/** Without these no statement of a handler gets anywhere; named, so that they are not taken for the session's own. */
const handlerSettings = `select set_config('row_security', 'on', true), set_config('exit_on_error', 'off', true),
  set_config('servo.message_settings', 'row_security,exit_on_error', true)`;

/**
 * The same for a handler, whose session is left as it was found: settings that its transaction had from us would be taken for the
 * session's, and be made for the pooler's next client as well.
 */
export function queryHandler<Row extends object>(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return alone(client, `${isolation}; ${handlerSettings}`, text, values);
}

async function alone<Row extends object>(
  client: pg.ClientBase,
  first: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const sent = outgoing(values);
  await (client as Settled).settling;
  if (!isBehindPooler(client)) return (await client.query<Row>(text, sent)).rows;
  const results = await client.query(`${first}; ${withValues(text, sent)}`);
  return (results as unknown as pg.QueryResult<Row>[]).at(-1)!.rows;
}
