import { type Health, healths } from '../../source/domain/job/health.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { jobStates } from '../../source/domain/job/state.ts';
import { waitingClauses } from '../../source/domain/triage/clause-reason.ts';
import { aJob, now, secondsAgo } from './jobs.ts';

const due = (seconds: number) => ({ sla_deadline_at: secondsAgo(-seconds) });
const trend = (slip: number) => ({
  eta_trend: {
    base: { at: secondsAgo(900), eta: secondsAgo(slip - 900) },
    least_average_ms: 20_000,
    most_average_ms: 60_000,
  },
});
const ended = { completed_at: secondsAgo(60), running_slots: 0 } as const;

const columns: Record<string, Parameters<typeof aJob>[0]> = {
  healthy: {},
  'of many partitions': { total_partitions: 12_400, completed_partitions: 12_399 },
  'of an odd name': { asset_name: 'two\nlines\u202e', created_by: 'ma\u202era' },
  'of one key': { partition_start: 'a', partition_end: 'a' },
  'of a range without an end': { partition_start: '2024-01-01', partition_end: null },
  'without a key': { checkpoint_partition_key: null, created_by: null, priority: 0 },
  'without an average': { avg_partition_duration_ms: null, rate_base: null },
  'with nothing left': { completed_partitions: 100, running_slots: 0 },
  'with more slots than partitions': { completed_partitions: 99 },
  'with one failed': { failed_partitions: 1, running_slots: 1 },
  'with many failed': { failed_partitions: 1200, total_partitions: 4000, running_slots: 3 },
  'with an error': { error_message: 'no way\u0007' },
  'drifting away': { ...trend(2520), ...due(3600) },
  'drifting little': trend(120),
  'drifting less': trend(119),
  gaining: { ...trend(-300), ...due(3600) },
  'on track': due(4500),
  'just on track': due(960),
  'in time by seconds': due(925),
  'in time by nothing': due(905),
  late: due(899),
  'twelve per cent late': due(800),
  'a third late': due(700),
  'twice late': due(450),
  'ever so late': due(10),
  breached: due(-600),
  'late and incomplete': { ...due(700), failed_partitions: 2 },
  'incomplete in time': { ...due(4500), failed_partitions: 2 },
  stale: { ...due(4500), heartbeat_at: secondsAgo(840) },
  'without a heartbeat': { ...due(4500), heartbeat_at: null },
  paused: { state: 'paused', paused_at: secondsAgo(720), running_slots: 0, ...due(3600) },
  'paused at an unknown time': { state: 'paused', paused_at: null, running_slots: 0 },
  'paused with failures': { state: 'paused', failed_partitions: 2, failing: true },
  'just resumed': { state: 'resuming', heartbeat_at: secondsAgo(29), running_slots: 0 },
  'resumed for long': { state: 'resuming', heartbeat_at: secondsAgo(31), running_slots: 0 },
  'resumed at the limit': { state: 'resuming', heartbeat_at: secondsAgo(30), running_slots: 0 },
  'resumed, never seen': { state: 'resuming', heartbeat_at: null, running_slots: 0 },
  pending: { state: 'pending', running_slots: 0, started_at: null, ...due(900) },
  'pending without an average': { state: 'pending', avg_partition_duration_ms: null },
  'waiting for two': {
    state: 'waiting_upstream',
    upstream_job_count: 3,
    completed_upstream_jobs: 1,
    running_slots: 0,
  },
  'waiting for none': { state: 'waiting_upstream', running_slots: 0 },
  'completed in time': { state: 'completed', ...ended, ...due(0), completed_partitions: 100 },
  'completed late': { state: 'completed', ...ended, ...due(-90) },
  'completed at an unknown time': { state: 'completed', ...due(-90), running_slots: 0 },
  failed: { state: 'failed', ...ended, failed_partitions: 3, skipped_partitions: 57, ...due(90) },
  'failed with an error': {
    state: 'failed',
    ...ended,
    failed_partitions: 3,
    error_message: '3 partitions failed',
  },
  'failed without a partition': { state: 'failed', ...ended, error_message: 'deleted' },
  'failed before it started': { state: 'failed', ...ended, started_at: null },
  cancelled: { state: 'cancelled', completed_at: now, skipped_partitions: 60, ...due(-90) },
  'of an unknown state': { state: 'dreaming\u0007', running_slots: 0 },
  'of no state': { state: '', running_slots: 0 },
};

const views: Record<string, Partial<JobView>> = {
  ...Object.fromEntries(
    healths.map((health: Health) => [
      `of health ${health}`,
      { health, health_reason: `why ${health}` },
    ]),
  ),
  ...Object.fromEntries(
    waitingClauses.flatMap((waits_for): [string, Partial<JobView>][] => [
      [`waits: ${waits_for}`, { waits_for, needs_seconds: 900, eta_seconds: null, ...due(3600) }],
      [`pending, waits: ${waits_for}`, { waits_for, state: 'pending', needs_seconds: null }],
    ]),
  ),
  'resumed, and waits': { state: 'resuming', waits_for: 'no_executor', heartbeat_age_seconds: 5 },
  'resumed long ago, and waits': {
    state: 'resuming',
    waits_for: 'no_executor',
    heartbeat_age_seconds: 50,
  },
  'silent and stale': { health: 'silent', heartbeat_stale: true, heartbeat_age_seconds: null },
  'low before it is late': { ...due(960), risk_level: 'low', risk_severity: -0.06 },
  'low, of unknown severity': {
    ...due(960),
    risk_level: 'low',
    risk_severity: null,
    eta_seconds: null,
  },
};

/** A job of each kind that this program tells apart, by what it is. */
export const jobVarieties: ReadonlyMap<string, JobView> = new Map([
  ...Object.entries(columns).map(([name, changes]) => [name, aJob(changes)] as const),
  ...jobStates.map((state) => [`in state ${state}`, aJob({ state })] as const),
  ...Object.entries(views).map(([name, changes]) => [name, { ...aJob(), ...changes }] as const),
]);
