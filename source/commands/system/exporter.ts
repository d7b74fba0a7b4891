import { once } from 'node:events';
import { logOptions, onHost } from '../../app/command.ts';
import { metricsFlags, readMetricsFlags, startMonitor } from './metrics-flags.ts';

export const exporter = onHost({
  spec: {
    name: 'exporter',
    usage: '--metrics-port P [--tenant A,B]',
    summary: 'metrics of whole tenants, also while no executor is alive',
    flags: metricsFlags,
    examples: [
      ['exporter --metrics-port 9464', '/metrics, /healthz and /readyz, until it is stopped'],
      ['exporter --metrics-port 127.0.0.1:9464 --tenant acme,globex', 'the sums over two tenants'],
    ],
    needs: { database: true, tenants: 'many' },
    // The lease by which one of several processes reports a tenant.
    writes: true,
    words: { least: 0, most: 0 },
    service: true,
  },
  json: () => import('./exporter-json.ts'),
  read(_, flags, problems) {
    const metrics = readMetricsFlags(flags, problems);
    const port = flags.text('metrics-port') ?? 'off';
    if (port === 'off') {
      problems.push({ message: 'exporter: missing --metrics-port', hint: '--metrics-port 9464' });
    }
    return metrics;
  },
  async run(metrics, host) {
    const [
      { serviceConnection },
      { onStopSignals },
      { createLog },
      { waitForDatabase },
      { ServiceManager },
    ] = await Promise.all([
      import('../../app/session.ts'),
      import('../../cli/signals.ts'),
      import('../../observability/log.ts'),
      import('../../observability/wait-for-database.ts'),
      import('../../observability/service-manager.ts'),
    ]);
    const { io, settings } = host;
    const connection = await serviceConnection(settings);
    const { tenants, thresholds } = settings;
    const log = await createLog(logOptions(host));
    const monitor = await startMonitor(metrics, thresholds, {
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
      // A stop does not wait for a database that does not answer.
      if ((await Promise.race([reached, stopped])) === true) manager.ready('exporter');
      await stopped;
      manager.stopping();
      return { exit: 0 };
    } finally {
      await monitor?.close();
    }
  },
});
