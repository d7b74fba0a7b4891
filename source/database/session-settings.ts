import type pg from 'pg';
import { withValues } from './statement-text.ts';
import { outgoing } from './values.ts';

/**
 * Settings that our results, parses and errors depend on, with our sessions' values. Timeouts are
 * ours: handlers have theirs per attempt, statements have `timeout`. What an operator sets on
 * purpose is left alone: search_path, default_transaction_read_only (migrate refuses, executors
 * wait), synchronous_commit, tablespaces.
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

/** Settings that older servers lack. */
export const newerSettings = {
  idle_session_timeout: '0',
  /** Since PostgreSQL 17. */
  transaction_timeout: '0',
} as const satisfies Readonly<Record<string, string>>;

/** Settings of an operator or superuser that we do not change; `doctor` reports them. */
export const operatorSettings = {
  default_transaction_read_only: 'off',
  session_replication_role: 'origin',
  synchronous_commit: 'on',
} as const satisfies Readonly<Record<string, string>>;

/** A SELECT list that sets them all. `local`: SQL for "only for this transaction". */
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

/** Sent with BEGIN, because through a pooler the session is not ours. */
export const localSettings = settingsSql('true');

/**
 * Sets them for the session. Behind a pooler (the backend's pid differs from the one the client was
 * told) only for this statement, so that the pooler's other clients keep theirs.
 */
const sessionStatement = `select pg_backend_pid() is distinct from $1::integer as pooled, ${settingsSql(
  'pg_backend_pid() is distinct from $1::integer',
)}`;

type SessionState = {
  pooled?: boolean;
  processID?: number | null;
  /** pg's option: send a statement before the previous one is answered. */
  pipeline?: boolean;
  applying?: Promise<void>;
};

export function withOwnSettings(kind: typeof pg.Client): typeof pg.Client {
  return class extends kind {
    constructor(config?: pg.ClientConfig) {
      super(config);
      // The server may end the session before its settings are set and before any other listener
      // exists; without one that would end the process.
      this.on('error', () => {});
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    // biome-ignore lint/suspicious/noConfusingVoidType: the two shapes that pg declares
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      const connecting = super.connect().then(async () => {
        const applying = applyOwnSettings(this);
        (this as SessionState).applying = applying;
        // The next statement is sent with it. A session without our settings is not used again.
        if ((this as SessionState).pipeline === true)
          applying.catch(() => void this.end().catch(() => {}));
        else await applying;
        return this;
      });
      if (callback === undefined) return connecting;
      // pg's pool only looks for an error.
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

/** The first statement is part of connecting: a login that was answered may be the last answer. */
const applyTimeoutMs = 5_000;

/**
 * Applies our settings to a session: at its start, and after RESET ALL or DISCARD ALL. Throws where
 * no answer comes within five seconds; the session is not to be used then.
 */
async function applyOwnSettings(client: pg.ClientBase): Promise<void> {
  const session = client as SessionState;
  const values = [session.processID ?? null];
  const statement = { text: sessionStatement, values, query_timeout: applyTimeoutMs };
  const { rows } = await client.query(statement);
  session.pooled = rows[0].pooled;
}

function isBehindPooler(client: pg.ClientBase): boolean {
  return (client as SessionState).pooled === true;
}

/** Sent before a statement in the same message, because a pooler's session is not ours. */
const isolation = 'set transaction isolation level read committed';
const before = `${isolation}; select ${localSettings}`;

/**
 * Runs one statement with our settings, in one message. Several statements in one message are one
 * transaction: behind a pooler, a process that freezes leaves no open transaction with locks.
 */
export function queryAlone<Row extends object>(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return alone(client, before, text, values);
}

/** Needed by handlers. The third names them, so that they do not count as the session's own. */
const handlerSettings = `select set_config('row_security', 'on', true), set_config('exit_on_error', 'off', true),
  set_config('servo.message_settings', 'row_security,exit_on_error', true)`;

/**
 * Like `queryAlone` for a handler, without our other settings: they would be taken for the
 * session's own and restored for the pooler's next client.
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
  await (client as SessionState).applying;
  if (!isBehindPooler(client)) return (await client.query<Row>(text, sent)).rows;
  const results = await client.query(`${first}; ${withValues(text, sent)}`);
  return (results as unknown as pg.QueryResult<Row>[]).at(-1)!.rows;
}
