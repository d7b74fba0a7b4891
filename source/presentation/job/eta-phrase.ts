import { isDrifting, trendSeconds } from '../../domain/forecast/eta.ts';
import { isUnclaimed } from '../../domain/job/health.ts';
import type { JobView } from '../../domain/job/job.ts';
import { later } from '../../domain/time/time.ts';
import { executorName } from '../executor/name.ts';
import {
  formatAge,
  formatClock,
  formatCountdown,
  formatDuration,
  formatLeft,
  plural,
  type Zone,
} from '../text/format.ts';
import { type Phrase, signOf } from '../text/tone.ts';
import { waitingLabels } from './health-text.ts';

type Expected = Pick<
  JobView,
  | 'state'
  | 'eta_seconds'
  | 'heartbeat_stale'
  | 'heartbeat_age_seconds'
  | 'paused_at'
  | 'started_at'
  | 'completed_at'
  | 'waiting_upstream_count'
  | 'eta_low_seconds'
  | 'eta_high_seconds'
  | 'eta_drift_seconds'
  | 'health'
  | 'waits_for'
  | 'needs_seconds'
  | 'start_seconds'
  | 'place'
> &
  Partial<Pick<JobView, 'silence'>>;

/** The ETA, or what the job waits for; `asOf` is the database's clock. */
export function formatEta(job: Expected, asOf: Date, zone: Zone): Phrase {
  // No live executor runs it: its past rate does not count.
  if (job.health === 'silent' && !job.heartbeat_stale)
    return { forms: silentForms(job), tone: 'bad' };
  if (job.waits_for !== null)
    return {
      forms: waitingForms(job, asOf, zone),
      tone: job.state === 'pending' ? 'plain' : 'warn',
    };
  switch (job.state) {
    case 'running':
      return runningEta(job, asOf, zone);
    case 'paused': {
      const age = job.paused_at ? formatAge(secondsBetween(job.paused_at, asOf)) : '';
      return { forms: [`paused ${age}`.trim(), 'paused'], tone: 'plain' };
    }
    case 'resuming': {
      const waited = job.heartbeat_age_seconds ?? 0;
      return isUnclaimed(job)
        ? { forms: [`unclaimed ${formatAge(waited)}`, 'unclaimed'], tone: 'warn' }
        : { forms: ['to be claimed', '–'], tone: 'dim' };
    }
    case 'waiting_upstream': {
      const count = job.waiting_upstream_count;
      const waits = count > 0 ? `waits for ${count}` : 'waits';
      return { forms: startForms(waits, job, asOf, zone, [waits, 'waits']), tone: 'dim' };
    }
    case 'completed':
    case 'failed':
      return endedAfter(job);
    case 'pending':
      return ifStartedNow(job);
    default:
      return { forms: ['–'], tone: 'dim' };
  }
}

/** `12th, starts in ~9m, done 14:18`, `no handler` */
function waitingForms(job: Expected, asOf: Date, zone: Zone): Phrase['forms'] {
  const labels = waitingLabels[job.waits_for!];
  const { waits_for, place } = job;
  const what = waits_for !== 'outranked' || place === null ? labels[0] : ordinal(place);
  return startForms(what, job, asOf, zone, labels);
}

/** What it waits for, with its expected start; `others` if that is unknown. */
function startForms(
  what: string,
  { start_seconds: start, eta_seconds: eta }: Expected,
  asOf: Date,
  zone: Zone,
  others: Phrase['forms'],
): Phrase['forms'] {
  if (start === null) return others;
  const starts = `${what}, starts in ~${formatLeft(start)}`;
  const short = [starts, `${what} ~${formatLeft(start)}`, ...others] as const;
  return eta === null ? short : [`${starts}, done ${clockIn(eta, asOf, zone)}`, ...short];
}

/** 1st, 2nd, 3rd, 4th, 11th */
export function ordinal(place: number): string {
  const tens = place % 100;
  const end = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place.toLocaleString('en')}${end}`;
}

function clockIn(seconds: number, asOf: Date, zone: Zone): string {
  return formatClock(later(asOf, seconds * 1000), asOf, zone);
}

function runningEta(job: Expected, asOf: Date, zone: Zone): Phrase {
  if (job.heartbeat_stale) return { forms: ['unknown'], tone: 'warn' };
  if (job.eta_seconds === null) return { forms: ['–'], tone: 'dim' };
  const at = later(asOf, job.eta_seconds * 1000);
  const left = `in ${formatLeft(job.eta_seconds)}`;
  const whole = `${formatClock(at, asOf, zone)} ${left}`;
  const drift = formatDrift(job);
  const silence = silenceForms(job);
  if (silence !== null) {
    const [told, short] = silence;
    return {
      forms: [`${whole}, ${told}`, `${left}, ${short}`, `${signOf('warn')}${left}`],
      tone: 'warn',
      whole: true,
    };
  }
  if (drift === '') return { forms: [whole, left], tone: 'plain', whole: true };
  const tone = job.eta_drift_seconds! > 0 ? 'warn' : 'plain';
  return { forms: [`${whole} ${drift}`, `${left} ${drift}`, left], tone, whole: true };
}

/** No live executor runs it. */
function silentForms(job: Expected): Phrase['forms'] {
  const silence = silenceForms(job);
  const left = job.silence?.takeover_seconds ?? null;
  const rough = left === null ? [] : [`silent ~${formatLeft(left)}`];
  return silence === null ? ['silent'] : [...silence, ...rough, 'silent'];
}

/**
 * `web-2:77 silent 14s, takeover in ~1m46s` and `silent ~1m46s`; null without a silent executor.
 * The takeover comes sooner if its lock shows that it is dead.
 */
function silenceForms({ silence }: Expected): [whole: string, short: string] | null {
  if (silence == null) return null;
  const { executor, executors, silent_seconds, takeover_seconds } = silence;
  const who = executors === 1 ? executorName(executor) : plural(executors, 'executor');
  const since = silent_seconds === null ? '' : ` ${formatCountdown(silent_seconds)}`;
  if (takeover_seconds === null) {
    const none = 'no executor takes over';
    return [`${who} silent${since}, ${none}`, `silent, ${none}`];
  }
  const left = formatCountdown(takeover_seconds);
  return [`${who} silent${since}, takeover in ~${left}`, `silent ~${left}`];
}

/** `↗42m`: the ETA slipped by 42 minutes in the last 15; `↘`: it gained. Empty without a drift. */
export function formatDrift({
  eta_drift_seconds: drift,
  eta_seconds,
}: Pick<JobView, 'eta_drift_seconds' | 'eta_seconds'>): string {
  if (drift === null || !isDrifting(drift, eta_seconds)) return '';
  return `${drift > 0 ? '↗' : '↘'}${formatDuration(Math.abs(drift))}`;
}

/** `14:17–14:20`; empty without a range that the clock shows. @param format for another day */
export function formatEtaRange(
  job: Expected,
  asOf: Date,
  zone: Zone,
  format: typeof formatClock = formatClock,
): string {
  if (job.state !== 'running' || job.eta_low_seconds === null || job.eta_high_seconds === null)
    return '';
  const clock = (seconds: number) => format(later(asOf, seconds * 1000), asOf, zone);
  const [low, high] = [clock(job.eta_low_seconds), clock(job.eta_high_seconds)];
  return low === high ? '' : `${low}–${high}`;
}

/** `slipped 42m in 15m`, `gained …`; empty without a drift. */
export function driftText(job: Pick<JobView, 'eta_drift_seconds' | 'eta_seconds'>): string {
  if (formatDrift(job) === '') return '';
  const drift = job.eta_drift_seconds!;
  const by = formatDuration(Math.abs(drift));
  return `${drift > 0 ? 'slipped' : 'gained'} ${by} in ${formatDuration(trendSeconds)}`;
}

const startable: readonly string[] = ['paused', 'pending', 'resuming'];

/**
 * `ETA 14:18 in 2h if started now`, or the ETA alone if the forecast knows the start; for a waiting
 * job its duration; empty if unknown, or if `formatEta` says it.
 */
export function etaIfStarted(
  {
    state,
    eta_seconds: eta,
    needs_seconds: needs,
    start_seconds: start,
    waits_for,
  }: Pick<JobView, 'state' | 'eta_seconds' | 'needs_seconds' | 'start_seconds' | 'waits_for'>,
  asOf: Date,
  zone: Zone,
): string {
  if (waits_for !== null && needs !== null) return `needs ${formatDuration(needs)} from then on`;
  const seconds = eta ?? needs;
  if (seconds === null || !startable.includes(state)) return '';
  const expected = `ETA ${clockIn(seconds, asOf, zone)} in ${formatLeft(seconds)}`;
  if (eta === null || start === null || state === 'paused') return `${expected} if started now`;
  return waits_for === null ? expected : '';
}

function ifStartedNow(job: Expected): Phrase {
  if (job.eta_seconds === null) return { forms: ['–'], tone: 'dim' };
  return { forms: [`needs ${formatDuration(job.eta_seconds)}`], tone: 'dim' };
}

function endedAfter(job: Expected): Phrase {
  if (job.started_at === null || job.completed_at === null) return { forms: ['–'], tone: 'dim' };
  const took = formatDuration(secondsBetween(job.started_at, job.completed_at));
  return { forms: [`${job.state === 'failed' ? 'after' : 'took'} ${took}`], tone: 'dim' };
}

export function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, (to.getTime() - from.getTime()) / 1000);
}
