import type { Attempt, Outcome } from '../domain/partition/attempt.ts';
import type { AssetSettings } from './asset-settings.ts';

/** The context of a handler that runs outside the database. */
export type HandlerContext = {
  attempt: Attempt;
  /** Aborted at the timeout, when the lease is lost, and when the executor must stop. */
  signal: AbortSignal;
  /** Milliseconds between the request to stop and the forced end. */
  grace_ms: number;
};

export type HandlerResult = {
  outcome: Outcome;
  /** The tail of the attempt's output, at most 64 KiB of UTF-8; stored as its log. */
  output?: string;
  /** The last progress message of the handler. */
  progress?: string;
};

type OfAsset = {
  asset: string;
  settings?: AssetSettings;
  /** A hash of its file and its settings file. */
  digest?: string;
};

type SqlHandler = OfAsset & {
  /** Exactly once: it runs in the transaction that completes the partition. */
  kind: 'sql';
  sql: string;
};

export type ModuleHandler = OfAsset & {
  /** At least once: it runs in a thread (module-threads.ts). */
  kind: 'module';
  path: string;
};

export type RunnableHandler = OfAsset & {
  kind: 'executable' | 'http' | 'function';
  /** At least once. Never rejects: an error is an outcome. */
  run(context: HandlerContext): Promise<HandlerResult>;
  /** Whether its program can be run; undefined for handlers that are always available. */
  isAvailable?(): Promise<boolean>;
};

export type Handler = SqlHandler | ModuleHandler | RunnableHandler;

export type Catalogue = ReadonlyMap<string, Handler>;
