import {
  type FailureLimit,
  failureLimitDefault,
  type HealthLimits,
  healthLimitDefaults,
  identicalFailuresDefault,
} from '../domain/executor/throttle.ts';
import { parseDuration, writeDuration } from '../domain/time/duration.ts';
import type { Problem } from '../errors.ts';
import type { FlagRow, Flags } from './flags.ts';

const seconds = (value: number | null) => writeDuration((value ?? 0) * 1000);
const percent = (value: number | null) => Math.round((value ?? 0) * 100);

/** When a worker starts nothing new, and when it pauses a job by itself. */
export const throttleFlags: readonly FlagRow[] = [
  {
    name: 'hold-replication-lag',
    value: 'D|off',
    variable: true,
    help: `claim nothing while a standby lags so far behind (default ${seconds(healthLimitDefaults.replication_lag_seconds)})`,
  },
  {
    name: 'hold-lock-wait',
    value: 'D|off',
    variable: true,
    help: `… while somebody has waited so long for a lock (default ${seconds(healthLimitDefaults.lock_wait_seconds)})`,
  },
  {
    name: 'hold-connections',
    value: 'PCT|off',
    variable: true,
    help: `… while more of the connections are in use (default ${percent(healthLimitDefaults.connections)})`,
  },
  {
    name: 'pause-at-failure-rate',
    value: 'PCT|off',
    variable: true,
    help: `pause a job when more of what it finished in 10 minutes failed for good (default ${percent(failureLimitDefault.rate)}, of at least ${failureLimitDefault.least})`,
  },
  {
    name: 'pause-at-identical-failures',
    value: 'N|off',
    variable: true,
    help: `pause a job when so many attempts in a row failed with the same permanent error, as a missing table (default ${identicalFailuresDefault})`,
  },
];

/** The limits as the flags say; what is not said is the default. Mistakes are added to `problems`. */
export function readThrottle(
  flags: Flags,
  problems: Problem[],
): { health: HealthLimits; failures: FailureLimit | null; pause_at: number | null } {
  const duration = (name: string, fallback: number | null) =>
    read(flags.text(name), fallback, (text) => {
      const value = parseDuration(text);
      if (value !== null && value > 0) return value / 1000;
      problems.push({
        message: `"${text}" is no duration (--${name})`,
        hint: 'as 30s, 5m, or off',
      });
      return fallback;
    });
  const share = (name: string, fallback: number | null) =>
    read(flags.text(name), fallback, (text) => {
      const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number(text.replace('%', '')) : 0;
      if (value > 0 && value <= 100) return value / 100;
      problems.push({
        message: `"${text}" is no percentage (--${name})`,
        hint: 'above 0 and up to 100, or off',
      });
      return fallback;
    });
  const times = (name: string, fallback: number | null) =>
    read(flags.text(name), fallback, (text) => {
      const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (value > 0) return value;
      problems.push({
        message: `invalid --${name} "${text}"`,
        hint: 'a whole number from 1 to 999999, or off',
      });
      return fallback;
    });
  const rate = share('pause-at-failure-rate', failureLimitDefault.rate);
  return {
    health: {
      replication_lag_seconds: duration(
        'hold-replication-lag',
        healthLimitDefaults.replication_lag_seconds,
      ),
      lock_wait_seconds: duration('hold-lock-wait', healthLimitDefaults.lock_wait_seconds),
      connections: share('hold-connections', healthLimitDefaults.connections),
    },
    failures: rate === null ? null : { ...failureLimitDefault, rate },
    pause_at: times('pause-at-identical-failures', identicalFailuresDefault),
  };
}

function read(
  text: string | undefined,
  fallback: number | null,
  parse: (text: string) => number | null,
): number | null {
  if (text === undefined) return fallback;
  return text.trim().toLowerCase() === 'off' ? null : parse(text.trim());
}
