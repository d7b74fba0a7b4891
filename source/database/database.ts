import pg from 'pg';
import { messageOf, ServoError } from '../errors.ts';
import { closeTimeoutMs, destroy, liveness, pooledClient, withPassword } from './client.ts';
import { codeOf, explainFailure, isConnectionFailure } from './failure.ts';
import type { Author, Query } from './query.ts';
import { localSettings, queryAlone } from './session-settings.ts';
import type { ConnectionSettings } from './settings.ts';
import { outgoing, types } from './values.ts';

export type { Author, Query } from './query.ts';

/**
 * Read committed, whatever the server's default: a snapshot of the whole transaction would miss
 * rows that others have just committed.
 */
const beginStatement = 'begin isolation level read committed';

/** A class whose instances are in the set from their creation to their end or failed login. */
function tracked(clients: Set<pg.Client>, kind: typeof pg.Client): typeof pg.Client {
  return class extends kind {
    constructor(config?: pg.ClientConfig) {
      super(config);
      clients.add(this);
      this.once('end', () => clients.delete(this));
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    // biome-ignore lint/suspicious/noConfusingVoidType: the two shapes that pg declares
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      if (callback === undefined) return super.connect() as Promise<this>;
      super.connect((error: Error) => {
        // The pool drops it, but pg may leave its socket open, e.g. without a password.
        if (error) destroy(this);
        callback(error);
      });
    }
  };
}

type DatabaseOptions = {
  connections?: number;
  timeout?: number;
  /** Every transaction is BEGIN READ ONLY, so the server refuses writes. */
  read_only?: boolean;
  /** Send a statement before the previous one is answered, if possible. Default true. */
  pipelined?: boolean;
};

/** A connection pool. Every transaction has its tenant set. */
export class Database {
  readonly settings: ConnectionSettings;
  readonly #begin: string;
  readonly #pipelined: boolean;
  readonly #pool: pg.Pool;
  /** Including those that are still connecting. */
  readonly #clients = new Set<pg.Client>();

  constructor(settings: ConnectionSettings, options: DatabaseOptions = {}) {
    this.settings = settings;
    this.#begin = options.read_only === true ? `${beginStatement} read only` : beginStatement;
    this.#pipelined = options.pipelined ?? true;
    const pipeline = { pipeline: this.#pipelined };
    this.#pool = new pg.Pool({
      ...liveness,
      ...pipeline,
      ...withPassword(settings),
      types,
      Client: tracked(this.#clients, pooledClient(settings)),
      max: options.connections ?? 4,
      allowExitOnIdle: true,
      ...(options.timeout === undefined ? {} : { query_timeout: options.timeout }),
    });
    // An idle connection that breaks needs no report: the next statement gets another, or fails.
    this.#pool.on('error', () => {});
    // A released connection may still emit an error; without a listener that would end the process.
    this.#pool.on('connect', (client) => {
      client.on('error', () => {});
    });
  }

  /**
   * Runs under `BEGIN READ ONLY`, so the server refuses writes. BEGIN and COMMIT are not waited
   * for: nothing read depends on their answers.
   */
  async read<T>(tenant: string, work: (query: Query) => Promise<T>): Promise<T> {
    const begin = `${beginStatement} read only; ${tenantSetting(tenant)}`;
    if (!this.#pipelined) return this.#transaction(begin, work);
    return this.#withClient(async (client) => {
      const begun = client.query(begin);
      const failed = begun.then(
        () => null,
        (error: unknown) => error,
      );
      let over = false;
      try {
        const result = await work(async (text, values = []) => {
          // A statement started beside a failed one must not run for the connection's next user.
          if (over) throw new ServoError('internal', 'the transaction is over');
          return (await client.query(text, outgoing(values))).rows;
        });
        await begun;
        client.query('commit').catch(() => {});
        return result;
      } catch (error) {
        client.query('rollback').catch(() => {});
        throw (await failed) ?? error;
      } finally {
        over = true;
      }
    });
  }

  /** Fails as not_allowed if a lock is held elsewhere for longer than `lockTimeout`. */
  write<T>(author: Author, work: (query: Query) => Promise<T>): Promise<T> {
    const timeout = `, ${setting('lock_timeout', lockTimeout)}`;
    const settings = `, ${setting('servo.actor', author.actor)}, ${setting('servo.reason', author.reason ?? '')}`;
    return this.#transaction(
      `${this.#begin}; ${tenantSetting(author.tenant)}${settings}${timeout}`,
      work,
    ).catch((error) => {
      throw explainLock(error);
    });
  }

  /**
   * One statement in one message, for functions that set their own tenant, and data without one.
   */
  async call<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#withClient((client) => queryAlone<Row>(client, text, values));
  }

  /** Like `call`, if no session setting affects the result: it does not wait for the settings. */
  ask<Row extends object>(text: string): Promise<Row[]> {
    return this.#withClient(async (client) => (await client.query<Row>(text)).rows);
  }

  /** A connection for long use. Release it, with the error if it broke. */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw explainFailure(error, this.settings);
    }
  }

  /** Waits at most `closeTimeout` ms for running statements and the servers' goodbyes. */
  async close(closeTimeout = closeTimeoutMs): Promise<void> {
    if (this.#pool.ending) return;
    const timer = setTimeout(() => {
      for (const client of this.#clients) destroy(client);
    }, closeTimeout);
    await this.#pool.end();
    clearTimeout(timer);
  }

  #transaction<T>(begin: string, work: (query: Query) => Promise<T>): Promise<T> {
    return this.#withClient(async (client, onBroken) => {
      try {
        await client.query(begin);
        const result = await work(
          async (text, values = []) => (await client.query(text, outgoing(values))).rows,
        );
        // COMMIT of a failed transaction succeeds with the command ROLLBACK.
        const { command } = await client.query('commit');
        if (command !== 'COMMIT')
          throw new ServoError('internal', 'the transaction was rolled back');
        return result;
      } catch (error) {
        if (!isConnectionFailure(error)) await client.query('rollback').catch(onBroken);
        throw error;
      }
    });
  }

  /** A broken connection does not return to the pool. */
  async #withClient<T>(
    work: (client: pg.PoolClient, onBroken: (error: unknown) => void) => Promise<T>,
  ): Promise<T> {
    const client = await this.connect();
    let broken: unknown;
    const onBroken = (error: unknown) => {
      broken = error;
    };
    client.on('error', onBroken);
    try {
      return await work(client, onBroken);
    } catch (error) {
      if (isConnectionFailure(error)) broken = error;
      throw explainFailure(error, this.settings);
    } finally {
      client.removeListener('error', onBroken);
      client.release(broken === undefined ? undefined : (broken as Error));
    }
  }
}

/** Longest wait for a lock of an executor or another operator. */
const lockTimeout = '10s';

function explainLock(error: unknown): unknown {
  if (codeOf(error) !== '55P03') return error;
  return new ServoError(
    'not_allowed',
    `could not get a lock within ${lockTimeout}: ${messageOf(error)}`,
    {
      hint: 'servo-tui doctor and servo-tui explain name the session that holds it; try again after it has ended',
      cause: error,
    },
  );
}

/**
 * The policies' `tenant_id is null or …` offers the planner a bitmap of the tenant's rows, which
 * looks cheap without good statistics (16,020 rows read to find two jobs by id). Pages reached by
 * an index are mostly in memory. JIT costs more than it saves for a few hundred rows (1,050 of
 * 1,120 ms of one triage check at a million jobs).
 */
const planning = `${setting('enable_bitmapscan', 'off')}, ${setting('random_page_cost', '1')}, ${setting('jit', 'off')}`;

function tenantSetting(tenant: string): string {
  return `select ${localSettings}, ${planning}, ${setting('app.current_tenant', tenant)}`;
}

// As text, because it is sent in one message with BEGIN, which takes no parameters.
function setting(name: string, value: string): string {
  return `set_config('${name}', ${pg.escapeLiteral(value)}, true)`;
}

export function openDatabase(settings: ConnectionSettings, options?: DatabaseOptions): Database {
  return new Database(settings, options);
}
