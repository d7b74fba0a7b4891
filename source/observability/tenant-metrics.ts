import { Gauge, Histogram, Registry } from 'prom-client';
import type { Figures } from '../domain/executor/figures.ts';

const hour = 3600;

/** With 1 h, which the runbook asks for. */
const etaBuckets = [
  ...[60, 300, 600, 1800],
  ...[1, 2, 4, 8, 12, 24, 48, 168].map((hours) => hours * hour),
];

const gauges: readonly [name: string, help: string, value: (figures: Figures) => number | null][] =
  [
    [
      'servo_backfill_sla_at_risk_jobs',
      'Jobs whose ETA is later than their deadline, which is still to come',
      (figures) => figures.at_risk,
    ],
    [
      'servo_backfill_sla_breached_jobs',
      'Jobs that have not ended and whose deadline has passed',
      (figures) => figures.breached,
    ],
    [
      'servo_backfill_sla_least_buffer_seconds',
      'Deadline less ETA of the job that has the least of it; absent where no job has both',
      (figures) => figures.least_buffer,
    ],
    [
      'servo_backfill_oldest_heartbeat_age_seconds',
      'Age of the oldest heartbeat of a running job; 0 where none runs',
      (figures) => figures.oldest_heartbeat_age,
    ],
    [
      'servo_backfill_stale_jobs',
      'Running jobs whose heartbeat is stale: older than the threshold heartbeat_stale, 120 s unless set',
      (figures) => figures.stale,
    ],
    [
      'servo_backfill_longest_running_seconds',
      'Time since the first claim of the job that has run longest; 0 where none runs',
      (figures) => figures.longest_running,
    ],
    [
      'servo_backfill_executors_alive',
      'Executors that were heard of in the last 10 s',
      (figures) => figures.executors_alive,
    ],
  ];

/** The series that tell of all of a tenant, whoever works on it: for the one process that reports it. The sum over the tenants that it reports. */
export function tenantMetrics(figures: Figures): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const active = new Gauge({
    name: 'servo_backfill_jobs_active',
    help: 'Jobs that have not ended, by state',
    labelNames: ['state'],
    registers,
  });
  for (const [state, count] of Object.entries(figures.active)) active.set({ state }, count);
  // The running jobs of this moment, not all that were ever observed: the runbook takes the quantile of the buckets as they are.
  const etas = new Histogram({
    name: 'servo_backfill_eta_distribution_seconds',
    help: 'Time to the expected end of each job that runs at this moment and has completed a partition',
    buckets: etaBuckets,
    registers,
  });
  for (const eta of figures.etas) etas.observe(eta);
  for (const [name, help, read] of gauges) {
    const value = read(figures);
    if (value !== null) new Gauge({ name, help, registers }).set(value);
  }
  return registry.metrics();
}
