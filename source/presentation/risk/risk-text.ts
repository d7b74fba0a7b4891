import type { Unknown } from '../../domain/forecast/job-forecast.ts';
import type { JobView } from '../../domain/job/job.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import type { RiskRow } from '../../domain/risk/board.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
import { tierBuffers } from '../../domain/risk/tier.ts';
import { costText, lateText } from '../advice/advice-text.ts';
import { waitingLabels } from '../job/health-text.ts';
import { formatDuration } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import type { Phrase, Tone } from '../text/tone.ts';
import { riskBadge } from './badge.ts';

export const levelLabels: Readonly<Record<RiskLevel, string>> = {
  none: 'No deadline',
  on_track: 'On track',
  low: 'Low risk',
  medium: 'Medium risk',
  high: 'High risk',
  unknown: 'Unknown',
  breached: 'Breached',
};

type Standing = Pick<
  JobView,
  'eta_seconds' | 'sla_deadline_at' | 'risk_level' | 'risk_severity' | 'incomplete_partitions'
>;

/** `late by 52m (HIGH 63%)`, `on track 1h12m` */
export function severityPhrase(standing: Standing, state: string, asOf: Date): Phrase {
  return riskBadge({ ...standing, state, completed_at: null }, asOf);
}

/** `= 52m / 82m`: (ETA − deadline) ÷ (deadline − now), or why there is none. */
export function severityFigure(job: JobView, standing: Standing, asOf: Date): string {
  const { sla_deadline_at: deadline, eta_seconds: eta, risk_level } = standing;
  if (risk_level === 'none' || risk_level === 'breached' || deadline === null) return '';
  if (eta === null) return whyUnknown(job);
  const left = (deadline.getTime() - asOf.getTime()) / 1000;
  const over = eta - left;
  const sign = over < 0 ? '−' : '';
  return `= ${sign}${formatDuration(Math.abs(over))} / ${formatDuration(left)}`;
}

export function whyUnknown(job: JobView): string {
  if (job.heartbeat_stale) {
    const age = job.heartbeat_age_seconds;
    return age === null ? 'no heartbeat' : `no heartbeat for ${formatDuration(age)}`;
  }
  if (job.health === 'silent') return 'executor silent';
  if (job.waits_for !== null) return waitingLabels[job.waits_for][0];
  if (job.eta_seconds !== null) return 'no slot left';
  if (job.state === 'paused') return 'paused';
  if (job.unknown !== null) return unknownTexts[job.unknown];
  return job.avg_partition_duration_ms === null ? 'nothing completed yet' : 'state not known';
}

/** Why the forecast knows no finish; `health_reason` names limits, holds and executors. */
const unknownTexts: Readonly<Record<Unknown, string>> = {
  paused: 'paused',
  unknown_state: 'state not known',
  external: 'nothing completed yet',
  upstream: 'upstream has no ETA',
  no_executor: 'no executor',
  no_handler: 'no handler',
  closed: 'claiming on hold',
  limit: 'limit',
  back_off: 'backing off',
  slots: 'waits for slot',
  max_parallel: 'nothing completed yet',
  nothing: 'nothing completed yet',
  no_duration: 'nothing completed yet',
};

const fitTones: Readonly<Record<NonNullable<RiskRow['sla_buffer_fit']>, Tone>> = {
  late: 'bad',
  tight: 'warn',
  fits: 'plain',
  wide: 'dim',
};

/** `standard 12% tight`: tier, buffer, and how the buffer fits the tier. */
export function bufferPhrase({ sla_tier, sla_buffer, sla_buffer_fit }: RiskRow): Phrase {
  if (sla_buffer === null || sla_buffer_fit === null)
    return { forms: [sla_tier, short[sla_tier]], tone: 'dim' };
  const percent = formatBuffer(sla_buffer);
  const parts = `${percent} ${sla_buffer_fit}`;
  return {
    forms: [`${sla_tier} ${parts}`, `${short[sla_tier]} ${parts}`, percent],
    tone: fitTones[sla_buffer_fit],
  };
}

const short = { critical: 'crit', standard: 'std', 'best-effort': 'best' } as const;

/** Rounded down: 9.9 % is not 10 %. */
export function formatBuffer(buffer: number): string {
  if (buffer > 9.99) return '>999%';
  return `${buffer < -9.99 ? '<−999' : String(Math.floor(buffer * 100 + 1e-9)).replace('-', '−')}%`;
}

export function tierText({ sla_tier }: Pick<RiskRow, 'sla_tier'>): string {
  return `a ${sla_tier} job's is ${tierBuffers[sla_tier].text}`;
}

/** What the what-if changes of a job: `paused, ×12, deadline +1h`; empty for other jobs. */
export function whatIfText(job: RiskRow): string {
  const { what_if: then } = job;
  if (then === null) return '';
  const moved =
    then.sla_deadline_at?.getTime() === job.sla_deadline_at?.getTime()
      ? ''
      : shiftText(job.sla_deadline_at, then.sla_deadline_at);
  // Incomplete and not remaining ones: partitions end between the reading of the job and of the
  // snapshot.
  const again = job.incomplete_partitions - then.incomplete_partitions;
  const parts = [
    then.paused ? 'paused' : '',
    then.resumed ? 'resumed' : '',
    then.max_parallel === readStrategy(job.execution_strategy).max_parallel
      ? ''
      : `×${then.max_parallel}`,
    then.priority === job.priority ? '' : `priority ${then.priority}`,
    again > 0 ? `retry ${again}` : '',
    moved,
  ];
  return parts.filter(Boolean).join(', ');
}

/** By how much it ends earlier or later, as a victim of the change or by it: `−12m`, `+7m`. */
export function movedPhrase({ what_if: then }: RiskRow): Phrase {
  if (then === null) return { forms: [''], tone: 'plain' };
  const { moved_seconds: by, victim, made_late } = then;
  const tone: Tone = made_late ? 'bad' : victim ? 'warn' : 'good';
  if (by === null) return { forms: [victim ? 'no end' : ''], tone };
  if (!victim && by >= 0) return { forms: [by < 1 ? '' : `+${formatDuration(by)}`], tone: 'plain' };
  if (Math.abs(by) < 1) return { forms: [''], tone: 'plain' };
  return { forms: [`${by > 0 ? '+' : '−'}${formatDuration(Math.abs(by))}`], tone };
}

function shiftText(from: Date | null, to: Date | null): string {
  if (to === null) return 'no deadline';
  if (from === null) return 'a deadline';
  const by = (to.getTime() - from.getTime()) / 1000;
  return `deadline ${by > 0 ? '+' : '−'}${formatDuration(Math.abs(by))}`;
}

/** `daily_sales late by 6m`, `ml_features +7m, no deadline`, `clicks without an end`. */
export function victimText({ asset_name, what_if: then }: RiskRow): string {
  const name = safeText(asset_name, { cap: 60 });
  if (then === null) return name;
  if (then.moved_seconds === null) return `${name} without an end`;
  if (then.made_late) return `${name} ${lateText(then.late_by_seconds)}`;
  return costText({ ...then, job: then.id, asset_name });
}
