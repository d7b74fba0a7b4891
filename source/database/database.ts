import pg from 'pg';
import { ServoError } from '../errors.ts';
import { explainFailure, isConnectionFailure } from './failure.ts';
import type { ConnectionSettings } from './settings.ts';

// bigint columns hold milliseconds and journal ids, far below 2^53.
const types = new pg.TypeOverrides();
types.setTypeParser(20, Number);

/** One statement inside a transaction: its text with $1 … and its values; the rows by column name. */
export type Query = <Row extends object>(
  text: string,
  values?: readonly unknown[],
) => Promise<Row[]>;

/** On whose behalf a transaction writes; actor and reason reach the journal by trigger. */
export type Author = { tenant: string; actor: string; reason?: string | null };

export function createClient(settings: ConnectionSettings): pg.Client {
  return new pg.Client({ keepAlive: true, connectionTimeoutMillis: 10_000, ...settings, types });
}

/** A pool on one database, whose every statement runs in a transaction that has its tenant set. */
export class Database {
  readonly settings: ConnectionSettings;
  readonly #pool: pg.Pool;

  constructor(settings: ConnectionSettings, options: { connections?: number } = {}) {
    this.settings = settings;
    this.#pool = new pg.Pool({
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      ...settings,
      types,
      max: options.connections ?? 4,
      allowExitOnIdle: true,
    });
    // An idle connection that breaks is not news: the next statement gets another, or fails by itself.
    this.#pool.on('error', () => {});
    // Nor is one that says why it breaks after it was given up: without a listener it would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Reads under `BEGIN READ ONLY`: the transaction, not good manners, keeps it from writing. */
  read<T>(tenant: string, work: (query: Query) => Promise<T>): Promise<T> {
    return this.#transaction(`begin read only; ${tenantSetting(tenant)}`, work);
  }

  write<T>(author: Author, work: (query: Query) => Promise<T>): Promise<T> {
    const settings = `, ${setting('servo.actor', author.actor)}, ${setting('servo.reason', author.reason ?? '')}`;
    return this.#transaction(`begin; ${tenantSetting(author.tenant)}${settings}`, work);
  }

  /**
   * One statement by itself, in one message: for functions that set their tenant themselves, and for
   * what belongs to no tenant.
   */
  async call<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw explainFailure(error, this.settings);
    }
  }

  /** A connection of the pool, for one who needs the same one for long. Release it, with the error that broke it. */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw explainFailure(error, this.settings);
    }
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #transaction<T>(begin: string, work: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.connect();
    let broken: unknown;
    const onError = (error: unknown) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query(begin);
      const result = await work(
        async (text, values = []) => (await client.query(text, [...values])).rows,
      );
      // COMMIT of a failed transaction succeeds, and says ROLLBACK.
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new ServoError('internal', 'the transaction was rolled back');
      return result;
    } catch (error) {
      if (isConnectionFailure(error)) broken = error;
      else await client.query('rollback').catch((failure) => (broken = failure));
      throw explainFailure(error, this.settings);
    } finally {
      client.removeListener('error', onError);
      client.release(broken === undefined ? undefined : (broken as Error));
    }
  }
}

function tenantSetting(tenant: string): string {
  return `select ${setting('app.current_tenant', tenant)}`;
}

// In one message with BEGIN, which takes no parameters.
function setting(name: string, value: string): string {
  return `set_config('${name}', ${pg.escapeLiteral(value)}, true)`;
}

export function openDatabase(
  settings: ConnectionSettings,
  options?: { connections?: number },
): Database {
  return new Database(settings, options);
}
