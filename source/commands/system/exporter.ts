import { once } from 'node:events';
import { serviceConnection } from '../../app/session.ts';
import type { Invocation } from '../../cli/command.ts';
import { onStopSignals } from '../../cli/signals.ts';
import { type Problem, UsageError } from '../../errors.ts';
import { logOptions } from './log-options.ts';
import { readMetricsFlags, startMonitor } from './metrics-flags.ts';

/** `servo-tui exporter --metrics-port P`: until it is told to stop. */
export async function exporter({ flags, settings, io }: Invocation): Promise<{ exit: number }> {
  const problems: Problem[] = [];
  const metrics = readMetricsFlags(flags, problems, settings.thresholds);
  if (metrics.address === null && problems.length === 0)
    problems.push({ message: 'exporter wants a port', hint: '--metrics-port 9464' });
  if (problems.length > 0) throw new UsageError(problems);
  const [{ createLog }, { reachDatabase }, { ServiceManager }] = await Promise.all([
    import('../../observability/log.ts'),
    import('../../observability/reach-database.ts'),
    import('../../observability/service-manager.ts'),
  ]);
  // The lease on what it reports is written.
  const connection = await serviceConnection(settings);
  const { tenants } = settings;
  const log = await createLog(logOptions(flags, io));
  const monitor = await startMonitor(metrics, {
    settings: connection,
    tenants,
    log,
    executes: false,
  });
  const manager = new ServiceManager(io.env, log);
  const stopping = new AbortController();
  onStopSignals(() => stopping.abort());
  try {
    const usable = async () => monitor?.requireDatabase();
    if (await reachDatabase(usable, { log, signal: stopping.signal, longest: 5_000 }))
      manager.ready('exporter');
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
    manager.stopping();
    return { exit: 0 };
  } finally {
    await monitor?.close();
  }
}
