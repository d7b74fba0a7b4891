import type { Attempt, Outcome } from '../domain/attempt.ts';

/** What a handler that runs outside the database is given. */
export type HandlerContext = {
  attempt: Attempt;
  /** Aborted at the time-out, when the lease is lost, and when the executor must stop. The handler really ends then. */
  signal: AbortSignal;
};

export type HandlerResult = {
  outcome: Outcome;
  /** The tail of what the attempt printed, at most 64 KiB of UTF-8; kept as the attempt's log. */
  output?: string;
};

/** What runs the partitions of one asset. */
export type Handler =
  | {
      asset: string;
      /** Runs in the transaction that completes the partition: its effect is exactly-once. */
      kind: 'sql';
      sql: string;
    }
  | {
      asset: string;
      kind: 'executable' | 'function';
      /** At-least-once. Never rejects: whatever goes wrong is an outcome. */
      run(context: HandlerContext): Promise<HandlerResult>;
    };

/** The handlers of one executor, by the name of their asset. */
export type Catalogue = ReadonlyMap<string, Handler>;
