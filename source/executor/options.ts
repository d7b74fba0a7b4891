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
  /** Milliseconds that handlers have to end when the executor drains. */
  grace: number;
  timings: Timings;
  health?: HealthLimits;
  /** Above which a job is paused automatically; null: never. */
  failures?: FailureLimit | null;
  /** Permanent failures of one kind in a row after which a job is paused; null: never. */
  pause_at?: number | null;
  meter?: Meter;
  /** @param id host:pid:random, new at every start */
  log(id: string): Log | Promise<Log>;
};
