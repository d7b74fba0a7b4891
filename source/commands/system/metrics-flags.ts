import { type FlagRow, type Flags, invalid } from '../../cli/flags.ts';
import { parseDuration } from '../../domain/time/duration.ts';
import type { JobThresholds } from '../../domain/triage/thresholds.ts';
import type { Problem } from '../../errors.ts';
import type { Monitor, MonitorOptions } from '../../observability/monitor.ts';
import type { ListenAddress } from '../../observability/server.ts';

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

type MetricsRequest = {
  address: ListenAddress | null;
  /** Milliseconds; null: as the settings have it. */
  early_warning: number | null;
};

export function readMetricsFlags(flags: Flags, problems: Problem[]): MetricsRequest {
  const warning = flags.text('early-warning');
  const early_warning = warning === undefined ? null : parseDuration(warning);
  if (warning !== undefined && early_warning === null) {
    problems.push(invalid('early-warning', warning, 'a duration, e.g. 30m'));
  }
  return { address: readAddress(flags, problems), early_warning };
}

export async function startMonitor(
  { address, early_warning }: MetricsRequest,
  thresholds: JobThresholds,
  options: Omit<MonitorOptions, 'address' | 'thresholds'>,
): Promise<Monitor | null> {
  if (address === null) return null;
  const { Monitor } = await import('../../observability/monitor.ts');
  const warned = { ...thresholds, early_warning: early_warning ?? thresholds.early_warning };
  return Monitor.start({ ...options, address, thresholds: warned });
}

function readAddress(flags: Flags, problems: Problem[]): ListenAddress | null {
  const text = flags.text('metrics-port') ?? 'off';
  const host = flags.text('metrics-address');
  if (text === 'off') return null;
  const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    problems.push(invalid('metrics-port', text, 'a port, e.g. 9464, 127.0.0.1:9464 or [::1]:9464'));
    return null;
  }
  const inPort = match[1] ?? match[2];
  if (host !== undefined && inPort !== undefined && host !== inPort) {
    problems.push({
      message: `--metrics-address ${host} and --metrics-port ${text} name different addresses`,
      hint: 'give --metrics-port the port alone',
    });
  }
  return { host: host ?? inPort, port };
}
