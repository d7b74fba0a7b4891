import { availableParallelism } from 'node:os';
import { parseDuration } from '../domain/time/duration.ts';
import type { JobThresholds } from '../domain/triage/thresholds.ts';
import { type Problem, UsageError } from '../errors.ts';
import type { Invocation } from './command.ts';
import type { Flags } from './flags.ts';
import { logOptions } from './log-options.ts';
import { type MetricsSettings, readMetricsFlags, startMonitor } from './metrics-flags.ts';
import { serviceConnection } from './session.ts';
import { onStopSignals, stopSignals } from './signals.ts';
import { readThrottle } from './throttle-flags.ts';

/**
 * `servo-tui --worker`: runs until it is told to stop. SIGTERM or SIGINT, also while it starts, drains it (exit 0); a
 * second one stops its handlers at once (exit 1).
 */
export async function runWorker({ flags, settings, io }: Invocation): Promise<{ exit: number }> {
  const { metrics, ...given } = readFlags(flags, settings.thresholds);
  const [
    { loadCatalogue },
    { prepareExecutor },
    { scaleTimings },
    { createLog },
    { ServiceManager },
  ] = await Promise.all([
    import('../handlers/catalogue.ts'),
    import('../executor/executor.ts'),
    import('../executor/settings.ts'),
    import('../observability/log.ts'),
    import('../observability/service-manager.ts'),
  ]);
  const catalogue = await loadCatalogue(flags.text('handlers') ?? 'handlers');
  const connection = await serviceConnection(settings);
  const { tenants } = settings;
  const log = await createLog(logOptions(flags, io));
  if (process.pid === 1) log.warn(asFirstProcess);
  const monitor = await startMonitor(metrics, {
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
      ...given,
      // Leases, heartbeats and polls run so many times faster: for suites that kill executors and wait for others to notice.
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
}

/** Node waits for the processes that it has started, and for no others. */
const asFirstProcess =
  'running as process 1: what programs leave behind stays as zombies. Start it under an init, as tini -- servo-tui, or docker run --init';

function readFlags(
  flags: Flags,
  thresholds: JobThresholds,
): { slots: number; grace: number; metrics: MetricsSettings } & ReturnType<typeof readThrottle> {
  const problems: Problem[] = [];
  const slotsText = flags.text('slots');
  const slots = slotsText === undefined ? availableParallelism() : wholeNumber(slotsText);
  if (slots === null) {
    const hint = 'a whole number from 1 to 1000';
    problems.push({ message: `--slots ${slotsText} is no number of slots`, hint });
  }
  const graceText = flags.text('grace') ?? '30s';
  const grace = parseDuration(graceText);
  if (grace === null || grace > 86_400_000) {
    problems.push({
      message: `"${graceText}" is no time to finish (--grace)`,
      hint: 'as 30s or 5m',
    });
  }
  const throttle = readThrottle(flags, problems);
  const metrics = readMetricsFlags(flags, problems, thresholds);
  if (problems.length > 0) throw new UsageError(problems);
  return { slots: slots!, grace: grace!, metrics, ...throttle };
}

function wholeNumber(text: string): number | null {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 1000 ? value : null;
}
