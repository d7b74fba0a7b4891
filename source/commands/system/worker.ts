import { availableParallelism } from 'node:os';
import { logOptions, onHost } from '../../app/command.ts';
import { invalid } from '../../cli/flags.ts';
import { parseDuration } from '../../domain/time/duration.ts';
import type { Problem } from '../../errors.ts';
import { metricsFlags, readMetricsFlags, startMonitor } from './metrics-flags.ts';
import { readThrottle, throttleFlags } from './throttle-flags.ts';

const longestGrace = 86_400_000;

/**
 * Runs until it is stopped. SIGTERM or SIGINT, also while it starts, drains it (exit 0); a second
 * one stops its handlers at once (exit 1).
 */
export const workerCommand = onHost({
  spec: {
    name: '--worker',
    usage: '[--handlers DIR] [--slots N] [--grace D] [--tenant A,B] [--metrics-port P]',
    summary: 'the headless executor',
    flags: [
      { name: 'worker', help: 'run partitions until it is stopped' },
      { name: 'handlers', value: 'DIR', variable: true, help: 'the handlers (default ./handlers)' },
      { name: 'slots', value: 'N', variable: true, help: 'handlers at once (default: CPU count)' },
      {
        name: 'grace',
        value: 'D',
        variable: true,
        help: 'time to finish after SIGTERM (default 30s)',
      },
      ...throttleFlags,
      ...metricsFlags,
    ],
    examples: [
      ['--worker --handlers ./handlers', 'run the jobs of the assets that have a handler there'],
      ['--worker --tenant acme,globex --slots 8', 'for two tenants'],
      ['--worker --hold-replication-lag 10s --pause-at-failure-rate 20', 'more careful'],
      ['--worker --metrics-port 9464', 'with /metrics, /healthz and /readyz'],
    ],
    needs: { database: true, tenants: 'many' },
    writes: true,
    words: { least: 0, most: 0 },
    service: true,
  },
  json: null,
  read: (_, flags, problems) => ({
    handlers: flags.text('handlers') ?? 'handlers',
    options: {
      slots: readSlots(flags.text('slots'), problems),
      grace: readGrace(flags.text('grace') ?? '30s', problems),
      ...readThrottle(flags, problems),
    },
    metrics: readMetricsFlags(flags, problems),
  }),
  async run({ handlers, options, metrics }, host) {
    const [
      { serviceConnection },
      { onStopSignals, stopSignals },
      { loadCatalogue },
      { prepareExecutor },
      { scaleTimings },
      { createLog },
      { ServiceManager },
    ] = await Promise.all([
      import('../../app/session.ts'),
      import('../../cli/signals.ts'),
      import('../../handlers/catalogue.ts'),
      import('../../executor/executor.ts'),
      import('../../executor/settings.ts'),
      import('../../observability/log.ts'),
      import('../../observability/service-manager.ts'),
    ]);
    const { io, settings } = host;
    const catalogue = await loadCatalogue(handlers);
    const connection = await serviceConnection(settings);
    const { tenants, thresholds } = settings;
    const log = await createLog(logOptions(host));
    if (process.pid === 1) log.warn(asFirstProcess);
    const monitor = await startMonitor(metrics, thresholds, {
      settings: connection,
      tenants,
      log,
      executes: true,
    });
    try {
      const executor = await prepareExecutor({
        settings: connection,
        tenants,
        catalogue,
        ...options,
        // For tests: leases, heartbeats and polls run so many times faster.
        timings: scaleTimings(Number(io.env.SERVO_SPEED) || 1),
        meter: monitor?.meter,
        log: (executor_id) => log.child({ executor_id }),
      });
      const manager = new ServiceManager(io.env, log);
      const done = onStopSignals((signals) => {
        if (signals === 1) {
          manager.stopping();
          executor.drain();
        } else executor.abort();
      });
      await executor.start();
      if (stopSignals() === 0) {
        monitor?.watch(() => executor.vitals());
        manager.ready(`executor ${executor.id}`);
      }
      await executor.finished;
      done();
      return { exit: stopSignals() > 1 ? 1 : 0 };
    } finally {
      await monitor?.close();
    }
  },
});

/** Node waits for the processes that it has started, and for no others. */
const asFirstProcess =
  'running as process 1: what programs leave behind stays as zombies. Start it under an init, as tini -- servo-tui, or docker run --init';

function readSlots(text: string | undefined, problems: Problem[]): number {
  if (text === undefined) return availableParallelism();
  const slots = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (slots >= 1 && slots <= 1000) return slots;
  problems.push(invalid('slots', text, 'a whole number from 1 to 1000'));
  return 1;
}

function readGrace(text: string, problems: Problem[]): number {
  const grace = parseDuration(text);
  if (grace !== null && grace <= longestGrace) return grace;
  problems.push(invalid('grace', text, 'a duration up to 24h, e.g. 30s or 5m'));
  return 0;
}
