import { once } from 'node:events';
import { type Problem, UsageError } from '../errors.ts';
import type { Invocation } from './command.ts';
import { logOptions } from './log-options.ts';
import { readMetricsFlags, startMonitor } from './metrics-flags.ts';
import { serviceConnection } from './session.ts';
import { onStopSignals } from './signals.ts';

/** `servo-tui exporter --metrics-port P`: until it is told to stop. */
export async function exporter({ flags, settings, io }: Invocation): Promise<{ exit: number }> {
  const problems: Problem[] = [];
  const metrics = readMetricsFlags(flags, problems, settings.thresholds);
  if (metrics.address === null && problems.length === 0)
    problems.push({ message: 'exporter wants a port', hint: '--metrics-port 9464' });
  if (problems.length > 0) throw new UsageError(problems);
  const [{ createLog }, { waitForDatabase }, { ServiceManager }] = await Promise.all([
    import('../observability/log.ts'),
    import('../observability/wait-for-database.ts'),
    import('../observability/service-manager.ts'),
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
    const stopped = stopping.signal.aborted ? null : once(stopping.signal, 'abort');
    const reached = waitForDatabase(usable, { log, signal: stopping.signal, longest: 5_000 });
    // A stop does not wait for a database that says nothing.
    if ((await Promise.race([reached, stopped])) === true) manager.ready('exporter');
    await stopped;
    manager.stopping();
    return { exit: 0 };
  } finally {
    await monitor?.close();
  }
}
