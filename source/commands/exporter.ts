import { type Problem, UsageError } from '../errors.ts';
import type { Invocation } from './command.ts';
import { logOptions } from './log-options.ts';
import { readMetricsFlags, startMonitor } from './metrics-flags.ts';
import { connectionsOf } from './session.ts';
import { untilSignal } from './signals.ts';

/** `servo-tui exporter --metrics-port P`: until it is told to stop. */
export async function exporter({ flags, settings, io }: Invocation): Promise<{ exit: number }> {
  const problems: Problem[] = [];
  const metrics = readMetricsFlags(flags, problems, settings.thresholds);
  if (metrics.address === null && problems.length === 0)
    problems.push({ message: 'exporter wants a port', hint: '--metrics-port 9464' });
  if (problems.length > 0) throw new UsageError(problems);
  const [{ createLog }, { ServiceManager }] = await Promise.all([
    import('../observability/log.ts'),
    import('../observability/service-manager.ts'),
  ]);
  // The lease on what it reports is written.
  const { write } = await connectionsOf(settings);
  const { tenants } = settings;
  const log = await createLog(logOptions(flags, io));
  const monitor = await startMonitor(metrics, { settings: write, tenants, log, executes: false });
  const manager = new ServiceManager(io.env, log);
  manager.ready('exporter');
  await untilSignal();
  manager.stopping();
  await monitor?.close();
  return { exit: 0 };
}
