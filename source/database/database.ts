import type { Socket } from 'node:net';
import pg from 'pg';
import { messageOf, ServoError } from '../errors.ts';
import { FailoverClient } from './failover.ts';
import { codeOf, explainFailure, isConnectionFailure } from './failure.ts';
import { passwordFor } from './password.ts';
import type { Author, Query } from './query.ts';
import { localSettings, queryAlone, settledKind } from './session-settings.ts';
import type { ConnectionSettings } from './settings.ts';
import { outgoing, types } from './values.ts';

export type { Author, Query } from './query.ts';

/** A peer that has vanished is noticed by the system within half a minute, on idle connections as well. */
const liveness = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  connectionTimeoutMillis: 10_000,
};

/** Whatever the default: a snapshot for all of a transaction would see no rows that a step has just made. */
const beginning = 'begin isolation level read committed';

/** How long closing waits where nobody says otherwise. */
const farewellMs = 2_000;

export function createClient(settings: ConnectionSettings): pg.Client {
  return new (clientOf(settings))({ ...liveness, ...withPassword(settings), types });
}

/** Looked up when the server asks for it: pg reads ~/.pgpass itself no longer without a warning. */
function withPassword(settings: ConnectionSettings) {
  return settings.password === undefined
    ? { ...settings, password: passwordFor as unknown as () => Promise<string> }
    : settings;
}

const single = settledKind(pg.Client);
const several = settledKind(FailoverClient);

function clientOf(settings: ConnectionSettings): typeof pg.Client {
  return settings.hosts === undefined ? single : several;
}

/** Clients of this kind that are in the set from their making to their end; one that could not log in ends there. */
function knownTo(clients: Set<pg.Client>, kind: typeof pg.Client): typeof pg.Client {
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
        // The pool forgets it, and pg leaves its socket open where it gave up by itself, as without a password.
        if (error) destroy(this);
        callback(error);
      });
    }
  };
}

export type DatabaseOptions = {
  connections?: number;
  /** A statement without an answer for so long (ms) counts as failed, and its connection as dead. Without it, there is no limit. */
  timeout?: number;
  /** Every transaction is BEGIN READ ONLY, those that would write too: the server refuses. */
  read_only?: boolean;
  /** Whether a statement is sent before the one before it has been answered, where nobody waits for that. Default true. */
  pipelined?: boolean;
};

/** A pool on one database, whose every statement runs in a transaction that has its tenant set. */
export class Database {
  readonly settings: ConnectionSettings;
  readonly #begin: string;
  readonly #pipelined: boolean;
  readonly #pool: pg.Pool;
  /** Also those that are still connecting. */
  readonly #clients = new Set<pg.Client>();

  constructor(settings: ConnectionSettings, options: DatabaseOptions = {}) {
    this.settings = settings;
    this.#begin = options.read_only === true ? `${beginning} read only` : beginning;
    this.#pipelined = options.pipelined ?? true;
    const pipeline = { pipeline: this.#pipelined };
    this.#pool = new pg.Pool({
      ...liveness,
      ...pipeline,
      ...withPassword(settings),
      types,
      Client: knownTo(this.#clients, clientOf(settings)),
      max: options.connections ?? 4,
      allowExitOnIdle: true,
      ...(options.timeout === undefined ? {} : { query_timeout: options.timeout }),
    });
    // An idle connection that breaks is not news: the next statement gets another, or fails by itself.
    this.#pool.on('error', () => {});
    // Nor is one that says why it breaks after it was given up: without a listener it would end the process.
    this.#pool.on('connect', (client) => {
      client.on('error', () => {});
    });
  }

  /**
   * Reads under `BEGIN READ ONLY`: the transaction, not good manners, keeps it from writing. BEGIN and COMMIT travel with what they
   * enclose: of what is only read, nothing depends on their answers.
   */
  async read<T>(tenant: string, work: (query: Query) => Promise<T>): Promise<T> {
    const begin = `${beginning} read only; ${tenantSetting(tenant)}`;
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
          // What was asked beside a statement that has failed must not reach the connection's next user.
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

  /** Waits for a lock of somebody else's for `lockTimeout`, then fails as not allowed. */
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
   * One statement by itself, in one message: for functions that set their tenant themselves, and for
   * what belongs to no tenant.
   */
  async call<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#withClient((client) => queryAlone<Row>(client, text, values));
  }

  /** The same where no setting bears on the answer: it travels with what a new session is told first. */
  ask<Row extends object>(text: string): Promise<Row[]> {
    return this.#withClient(async (client) => (await client.query<Row>(text)).rows);
  }

  /** A connection of the pool, for one who needs the same one for long. Release it, with the error that broke it. */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw explainFailure(error, this.settings);
    }
  }

  /** Waits so long (ms) for what is under way, and for the server's good-byes: one that has vanished says none. */
  async close(farewell = farewellMs): Promise<void> {
    if (this.#pool.ending) return;
    const late = setTimeout(() => {
      for (const client of this.#clients) destroy(client);
    }, farewell);
    await this.#pool.end();
    clearTimeout(late);
  }

  #transaction<T>(begin: string, work: (query: Query) => Promise<T>): Promise<T> {
    return this.#withClient(async (client, broke) => {
      try {
        await client.query(begin);
        const result = await work(
          async (text, values = []) => (await client.query(text, outgoing(values))).rows,
        );
        // COMMIT of a failed transaction succeeds, and says ROLLBACK.
        const { command } = await client.query('commit');
        if (command !== 'COMMIT')
          throw new ServoError('internal', 'the transaction was rolled back');
        return result;
      } catch (error) {
        if (!isConnectionFailure(error)) await client.query('rollback').catch(broke);
        throw error;
      }
    });
  }

  /** A connection that breaks, or that the work says is broken, does not go back into the pool. */
  async #withClient<T>(
    work: (client: pg.PoolClient, broke: (error: unknown) => void) => Promise<T>,
  ): Promise<T> {
    const client = await this.connect();
    let broken: unknown;
    const broke = (error: unknown) => {
      broken = error;
    };
    client.on('error', broke);
    try {
      return await work(client, broke);
    } catch (error) {
      if (isConnectionFailure(error)) broken = error;
      throw explainFailure(error, this.settings);
    } finally {
      client.removeListener('error', broke);
      client.release(broken === undefined ? undefined : (broken as Error));
    }
  }
}

/** An operator waits for a step or for another operator, but not for ever. */
const lockTimeout = '10s';

function explainLock(error: unknown): unknown {
  if (codeOf(error) !== '55P03') return error;
  return new ServoError('not_allowed', `a lock was not to be had: ${messageOf(error)}`, {
    hint: 'servo-tui doctor and servo-tui explain name the session that holds it; try again when it is gone',
    cause: error,
  });
}

/** Cuts a connection without a word; what it was asked fails at once. */
export function destroy(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

/**
 * The policies' `tenant_id is null or …` offers the planner all of a tenant through a bitmap, and where statistics are
 * missing or coarse it takes that for cheap (16,020 rows read to find two jobs by their ids). A page that an index leads to is
 * mostly in memory. What reads a few hundred rows is not worth compiling, whatever it is thought to cost (1,050 ms of 1,120 for one check of
 * triage at a million jobs).
 */
const planning = `${setting('enable_bitmapscan', 'off')}, ${setting('random_page_cost', '1')}, ${setting('jit', 'off')}`;

function tenantSetting(tenant: string): string {
  return `select ${localSettings}, ${planning}, ${setting('app.current_tenant', tenant)}`;
}

// In one message with BEGIN, which takes no parameters.
function setting(name: string, value: string): string {
  return `set_config('${name}', ${pg.escapeLiteral(value)}, true)`;
}

export function openDatabase(settings: ConnectionSettings, options?: DatabaseOptions): Database {
  return new Database(settings, options);
}
