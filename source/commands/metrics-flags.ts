import { parseDuration } from '../domain/duration.ts';
import type { JobThresholds } from '../domain/thresholds.ts';
import type { Problem } from '../errors.ts';
import type { Monitor, MonitorOptions } from '../observability/monitor.ts';
import type { ListenAddress } from '../observability/server.ts';
import type { FlagRow, Flags } from './flags.ts';

/** Where metrics and health are served, and what they count as at risk. */
export const metricsFlags: readonly FlagRow[] = [
  {
    name: 'metrics-port',
    value: 'P',
    variable: true,
    help: 'serve /metrics, /healthz and /readyz: 9464, or 127.0.0.1:9464 (default off)',
  },
  {
    name: 'early-warning',
    value: 'D',
    variable: true,
    help: 'count a job as at risk when its ETA comes so near to the deadline (default 0s)',
  },
];

export type MetricsSettings = {
  /** Null: nothing is served. */
  address: ListenAddress | null;
  thresholds: JobThresholds;
};

/** Mistakes are added to `problems`. */
export function readMetricsFlags(
  flags: Flags,
  problems: Problem[],
  thresholds: JobThresholds,
): MetricsSettings {
  const text = flags.text('metrics-port');
  const address = text === undefined || text === 'off' ? null : addressOf(text);
  if (address === undefined) {
    problems.push({
      message: `"${text}" is no port (--metrics-port)`,
      hint: 'as 9464, 127.0.0.1:9464, or [::1]:9464',
    });
  }
  const warning = flags.text('early-warning');
  const early_warning = warning === undefined ? thresholds.early_warning : parseDuration(warning);
  if (early_warning === null)
    problems.push({ message: `"${warning}" is no duration (--early-warning)`, hint: 'as 30m' });
  return {
    address: address ?? null,
    thresholds: { ...thresholds, early_warning: early_warning ?? 0 },
  };
}

/** Loads what metrics take only where they are wanted. */
export async function startMonitor(
  { address, thresholds }: MetricsSettings,
  options: Omit<MonitorOptions, 'address' | 'thresholds'>,
): Promise<Monitor | null> {
  if (address === null) return null;
  const { Monitor } = await import('../observability/monitor.ts');
  return Monitor.start({ ...options, address, thresholds });
}

function addressOf(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  return match === null || port > 65_535 ? undefined : { host: match[1] ?? match[2], port };
}
