import { parseDuration } from '../domain/time/duration.ts';
import type { JobThresholds } from '../domain/triage/thresholds.ts';
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
    name: 'metrics-address',
    value: 'A',
    variable: true,
    help: 'the address of this host that they are served on (default: all of them)',
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
  const address = readAddress(flags, problems);
  const warning = flags.text('early-warning');
  const early_warning = warning === undefined ? thresholds.early_warning : parseDuration(warning);
  if (early_warning === null)
    problems.push({ message: `"${warning}" is no duration (--early-warning)`, hint: 'as 30m' });
  return {
    address,
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

function readAddress(flags: Flags, problems: Problem[]): ListenAddress | null {
  const text = flags.text('metrics-port') ?? 'off';
  const host = flags.text('metrics-address');
  if (text === 'off') return null;
  const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    problems.push({
      message: `"${text}" is no port (--metrics-port)`,
      hint: 'as 9464, 127.0.0.1:9464, or [::1]:9464',
    });
    return null;
  }
  const inPort = match[1] ?? match[2];
  if (host !== undefined && inPort !== undefined && host !== inPort) {
    problems.push({
      message: `--metrics-address ${host} and --metrics-port ${text} name two addresses`,
      hint: 'give --metrics-port the port alone',
    });
  }
  return { host: host ?? inPort, port };
}
