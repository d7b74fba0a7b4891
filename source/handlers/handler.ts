import type { Attempt, Outcome } from '../domain/partition/attempt.ts';
import type { AssetSettings } from './asset-settings.ts';

/** What a handler that runs outside the database is given. */
export type HandlerContext = {
  attempt: Attempt;
  /** Aborted at the time-out, when the lease is lost, and when the executor must stop. The handler really ends then. */
  signal: AbortSignal;
  /** Between being asked to stop and being ended by force, in milliseconds. */
  grace_ms: number;
};

export type HandlerResult = {
  outcome: Outcome;
  /** The tail of what the attempt printed, at most 64 KiB of UTF-8; kept as the attempt's log. */
  output?: string;
  /** What the handler last said that it was doing. */
  progress?: string;
};

type OfAsset = {
  asset: string;
  /** What is said of the asset beside its handler; nothing is where there is none. */
  settings?: AssetSettings;
  /** A hash of its file and of its settings file, as they were read. */
  digest?: string;
};

export type SqlHandler = OfAsset & {
  /** Runs in the transaction that completes the partition: its effect is exactly-once. */
  kind: 'sql';
  sql: string;
};

export type ModuleHandler = OfAsset & {
  /** Runs in a thread: see module-threads.ts. At-least-once. */
  kind: 'module';
  /** Absolute. */
  path: string;
};

export type RunnableHandler = OfAsset & {
  kind: 'executable' | 'http' | 'function';
  /** At-least-once. Never rejects: whatever goes wrong is an outcome. */
  run(context: HandlerContext): Promise<HandlerResult>;
  /** Whether what it runs is where it was; not asked of what always is. */
  isAvailable?(): Promise<boolean>;
};

/** What runs the partitions of one asset. */
export type Handler = SqlHandler | ModuleHandler | RunnableHandler;

/** The handlers of one executor, by the name of their asset. */
export type Catalogue = ReadonlyMap<string, Handler>;
