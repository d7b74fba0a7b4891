import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../package.ts';
import {
  attemptEnds,
  claimResults,
  endings,
  holdReasons,
  type Meter,
  noMeter,
  type Vitals,
} from './meter.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const workBuckets = [
  0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600,
];
const waitBuckets = [0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 15, minute, 5 * minute, hour, 6 * hour];
const longBuckets = [
  ...[minute, 5 * minute, 15 * minute, 30 * minute],
  ...[1, 2, 4, 8, 12].map((hours) => hours * hour),
  ...[1, 2, 7].map((days) => days * day),
];
const jobBuckets = [1, 10, ...longBuckets];

/** Longer than any job: times of the database that lie further apart are no times that anybody took. */
const longest = 100 * 365 * day;

/** Any program may write a job's times, `infinity` too: what is no length of time is not measured. */
function measure(on: { observe(seconds: number): void }, seconds: number): void {
  if (seconds >= 0 && seconds <= longest) on.observe(seconds);
}

/**
 * What one executor counts of its own work, and how it is. Every executor has these series, so that sums over them are the fleet's. Labels
 * are from closed sets: never a job, asset or tenant.
 */
export class ExecutorMetrics {
  readonly registry = new Registry();
  readonly meter: Meter;

  /**
   * @param vitals null as long as there is no executor
   * @param executes false where there will never be one: then there is only what any process has
   */
  constructor(vitals: () => Vitals | null, executes: boolean) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'servo_tui_info',
      help: 'Always 1; the version of the program',
      labelNames: ['version'],
      registers: [this.registry],
    }).set({ version }, 1);
    this.meter = executes ? meterOn(this.registry) : noMeter;
    if (executes) gaugesOf(this.registry, vitals);
  }
}

function meterOn(registry: Registry): Meter {
  const registers = [registry];
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ) => new Histogram<Label>({ name, help, buckets, labelNames, registers });
  const counter = <Label extends string>(
    name: string,
    help: string,
    label: Label,
    values: readonly string[],
  ) => {
    const made = new Counter<Label>({ name, help, labelNames: [label], registers });
    // From the start, so that the first one counts as an increase.
    const children = values.map((value) => {
      const child = made.labels(value);
      child.inc(0);
      return [value, child] as const;
    });
    return Object.fromEntries(children) as Record<string, Counter.Internal>;
  };

  const durations = histogram(
    'servo_backfill_partition_duration_seconds',
    'Time that handlers took, by how the attempt ended',
    workBuckets,
    ['status'],
  );
  const byStatus = Object.fromEntries(
    endings.map((status) => {
      durations.zero({ status });
      return [status, durations.labels(status)];
    }),
  ) as Record<string, Histogram.Internal<'status'>>;
  const partitions = counter(
    'servo_backfill_partition_completion_total',
    'Partitions that completed, or failed for good',
    'status',
    endings,
  );
  const processed = new Counter({
    name: 'servo_backfill_partitions_processed_total',
    help: 'Partitions that came to their end, whichever',
    registers,
  });
  const paused = histogram(
    'servo_backfill_pause_duration_seconds',
    'Time that jobs spent paused, observed when they are claimed again',
    longBuckets,
  );
  const latency = histogram(
    'servo_backfill_job_claim_latency_seconds',
    'Time from when a job could be claimed (created, upstreams done, resumed) to its claim',
    waitBuckets,
  );
  const jobs = histogram(
    'servo_backfill_job_duration_seconds',
    'Time from the first claim of a job to its end, by how it ended',
    jobBuckets,
    ['status'],
  );
  for (const status of endings) jobs.zero({ status });
  const attempts = counter(
    'servo_executor_attempts_total',
    'Attempts that ended, by outcome; fenced ones had lost their lease and do not count',
    'outcome',
    attemptEnds,
  );
  const claims = counter(
    'servo_executor_claims_total',
    'Tries to claim a waiting job, by what came of them',
    'result',
    claimResults,
  );
  const steps = histogram(
    'servo_executor_batch_duration_seconds',
    'Round trip of one step: the message that reports attempts and takes new ones',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  );
  const stepResults = counter(
    'servo_executor_batches_total',
    'Steps sent; a failed one is sent again',
    'result',
    ['ok', 'failed'],
  );
  const beats = counter('servo_executor_heartbeats_total', 'Heartbeats', 'result', [
    'ok',
    'failed',
  ]);
  const lost = new Counter({
    name: 'servo_executor_leases_lost_total',
    help: 'Attempts under way whose lease was lost',
    registers,
  });
  const reconnects = counter(
    'servo_executor_reconnects_total',
    'Standing connections that had to be made anew',
    'connection',
    ['registry', 'listener'],
  );
  return {
    attempt(end, seconds) {
      attempts[end]!.inc();
      if (end === 'completed') byStatus.completed!.observe(seconds);
      else if (end === 'failed' || end === 'fatal') byStatus.failed!.observe(seconds);
    },
    partition(ending) {
      partitions[ending]!.inc();
      processed.inc();
    },
    claim: (result) => claims[result]!.inc(),
    claimed(waited, pause) {
      measure(latency, waited);
      if (pause !== null) measure(paused, pause);
    },
    job: (status, seconds) => measure(jobs.labels(status), seconds),
    step(result, seconds) {
      stepResults[result]!.inc();
      if (result === 'ok') steps.observe(seconds);
    },
    beat: (result) => beats[result]!.inc(),
    leaseLost: () => lost.inc(),
    reconnected: (connection) => reconnects[connection]!.inc(),
  };
}

function gaugesOf(registry: Registry, vitals: () => Vitals | null): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (now: Vitals) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const now = vitals();
        if (now !== null) this.set(value(now));
      },
    });
  gauge('servo_executor_slots', 'Handlers that may run at once', (now) => now.slots);
  gauge('servo_executor_slots_busy', 'Slots at work', (now) => now.slots_busy);
  gauge('servo_executor_jobs', 'Jobs at work', (now) => now.jobs);
  gauge(
    'servo_executor_heartbeat_age_seconds',
    'Time since the database acknowledged a heartbeat',
    (now) => now.heartbeat_age,
  );
  new Gauge({
    name: 'servo_executor_hold',
    help: 'Whether the executor starts nothing new, for this reason',
    labelNames: ['reason'],
    registers,
    collect() {
      const now = vitals();
      if (now === null) return;
      for (const reason of holdReasons) this.set({ reason }, Number(now.holds.includes(reason)));
    },
  });
}
