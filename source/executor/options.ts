import type { ConnectionSettings } from '../database/settings.ts';
import type { FailureLimit, HealthLimits } from '../domain/executor/throttle.ts';
import type { Catalogue } from '../handlers/handler.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import type { Timings } from './settings.ts';

export type ExecutorOptions = {
  settings: ConnectionSettings;
  tenants: readonly string[];
  catalogue: Catalogue;
  slots: number;
  /** How long running handlers may take to finish when the executor drains, in milliseconds. */
  grace: number;
  timings: Timings;
  health?: HealthLimits;
  /** The failure rate above which a job is auto-paused; null: never. */
  failures?: FailureLimit | null;
  /** A job is auto-paused after this many permanent failures of one kind in a row; null: never. */
  pause_at?: number | null;
  meter?: Meter;
  /** @param id host:pid:random, new at every start */
  log(id: string): Log | Promise<Log>;
};
