import type { Health } from '../../domain/job/health.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { formatEta } from '../../presentation/job/eta-phrase.ts';
import { healthText } from '../../presentation/job/health-text.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { riskBadge } from '../../presentation/risk/badge.ts';
import { formatAge, formatFullCount, plural, type Zone } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { State } from '../model/state.ts';

export type Clock = { as_of: Date; zone: Zone };

export function clockOf({ jobs, options }: State): Clock {
  return { as_of: jobs.list?.as_of ?? new Date(0), zone: options.zone };
}

export function nameOf({ asset_name, id }: JobView): string {
  return `${safeText(asset_name, { cap: 100 })} ${shortId(id)}`;
}

/**
 * `orders_daily 3f2a9c1e: running, 251 of 365 partitions (68 %), 3 failed, done 14:18 in 1m, on
 * track 1h12m`.
 */
export function jobLine(job: JobView, clock: Clock): string {
  return `${nameOf(job)}: ${[stateLabel(job.state).word, ...progressFacts(job, clock)].join(', ')}`;
}

function progressFacts(job: JobView, { as_of, zone }: Clock): string[] {
  const eta = formatEta(job, as_of, zone).forms[0];
  const risk = riskBadge(job, as_of).forms[0];
  return [
    `${formatFullCount(job.completed_partitions)} of ${plural(job.total_partitions, 'partition')} (${percent(job)} %)`,
    job.failed_partitions > 0 ? `${formatFullCount(job.failed_partitions)} failed` : [],
    eta === '–' || job.waits_for !== null || job.health === 'silent'
      ? []
      : job.state === 'running'
        ? `done ${eta}`
        : eta,
    risk === '–' ? [] : `deadline ${risk}`,
    healthText(job)?.text ?? [],
  ].flat();
}

/** Steps worth a line, never every change of a figure. */
export function changeLines(before: JobView, job: JobView, clock: Clock): string[] {
  const { as_of } = clock;
  const name = nameOf(job);
  const risk = riskBadge(job, as_of).forms[0];
  const lines = [
    job.state === before.state
      ? []
      : `${name}: was ${stateLabel(before.state).word}, is ${stateLabel(job.state).word} now, ${progressFacts(job, clock).join(', ')}`,
    job.risk_level === before.risk_level || isTerminal(job.state)
      ? []
      : `${name}: deadline ${risk === '–' ? 'none' : risk}`,
    job.heartbeat_stale && !before.heartbeat_stale
      ? `${name}: no heartbeat for ${formatAge(job.heartbeat_age_seconds ?? 0)}`
      : [],
    before.heartbeat_stale && !job.heartbeat_stale && job.state === 'running'
      ? `${name}: heartbeat resumed`
      : [],
    // A line about the state has it.
    job.state === before.state &&
    job.health !== before.health &&
    newsworthy.includes(job.health) &&
    job.health_reason !== null
      ? `${name}: ${healthText(job)!.text}`
      : [],
    newsworthy.includes(before.health) &&
    !newsworthy.includes(job.health) &&
    job.state === 'running'
      ? `${name}: an executor runs it again`
      : [],
    doublings(job.failed_partitions) > doublings(before.failed_partitions)
      ? `${name}: ${plural(job.failed_partitions, 'partition')} failed`
      : [],
  ].flat();
  const step = Math.floor(percent(job) / 10) > Math.floor(percent(before) / 10);
  return step && lines.length === 0 ? [jobLine(job, clock)] : lines;
}

/** No executor works on the job, and its heartbeat does not show it. */
const newsworthy: readonly Health[] = ['silent', 'starved', 'blocked'];

/** The first failure is printed, then each doubling. */
function doublings(count: number): number {
  return count <= 0 ? 0 : Math.floor(Math.log2(count)) + 1;
}

function percent({ progress }: JobView): number {
  return Math.floor((progress ?? 0) * 100);
}
