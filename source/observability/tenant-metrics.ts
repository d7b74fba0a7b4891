import { Gauge, Histogram, Registry } from 'prom-client';
import type { Figures } from '../domain/executor/figures.ts';

const hour = 3600;

/** 1 h must be among them: the runbook uses it. */
const etaBuckets = [
  ...[60, 300, 600, 1800],
  ...[1, 2, 4, 8, 12, 24, 48, 168].map((hours) => hours * hour),
];

const gauges: readonly [name: string, help: string, value: (figures: Figures) => number | null][] =
  [
    [
      'servo_backfill_sla_at_risk_jobs',
      'Jobs whose ETA is later than their deadline, which has not passed yet',
      (figures) => figures.at_risk,
    ],
    [
      'servo_backfill_sla_breached_jobs',
      'Jobs that have not ended and whose deadline has passed',
      (figures) => figures.breached,
    ],
    [
      'servo_backfill_sla_least_buffer_seconds',
      'Smallest deadline minus ETA of all jobs; absent if no job has both',
      (figures) => figures.least_buffer,
    ],
    [
      'servo_backfill_oldest_heartbeat_age_seconds',
      'Age of the oldest heartbeat of a running job; 0 if no job is running',
      (figures) => figures.oldest_heartbeat_age,
    ],
    [
      'servo_backfill_stale_jobs',
      'Running jobs whose heartbeat is older than the threshold heartbeat_stale (default 120 s)',
      (figures) => figures.stale,
    ],
    [
      'servo_backfill_longest_running_seconds',
      'Time since the first claim of the job that has run longest; 0 if no job is running',
      (figures) => figures.longest_running,
    ],
    [
      'servo_backfill_executors_alive',
      'Executors with a sign of life in the last 10 s',
      (figures) => figures.executors_alive,
    ],
  ];

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
  // Only the jobs that run now: the runbook takes quantiles of the buckets, not of their rate.
  const etas = new Histogram({
    name: 'servo_backfill_eta_distribution_seconds',
    help: 'Time to the ETA of each running job that has completed a partition',
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
