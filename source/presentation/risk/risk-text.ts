import type { Unknown } from '../../domain/forecast/job-forecast.ts';
import type { JobView } from '../../domain/job/job.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import type { RiskRow } from '../../domain/risk/board.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
import { tierBuffers } from '../../domain/risk/tier.ts';
import { waitingLabels } from '../job/health-text.ts';
import { formatDuration } from '../text/format.ts';
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

/** `HIGH 63%`, `low 9%`, `on track 1h12m` */
export function severityPhrase(standing: Standing, state: string, asOf: Date): Phrase {
  const { forms, tone } = riskBadge({ ...standing, state, completed_at: null }, asOf);
  const [whole, ...shorter] = forms.map((form) => form.replace(/ over$/, ''));
  return { forms: [whole!, ...shorter], tone };
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

/** The what-if of a job and its effect: `paused`, `6 → 9 slots, ×12, deadline +1h`. */
export function whatIfText(job: RiskRow): string {
  const { what_if: then } = job;
  if (then === null) return '';
  const moved =
    then.sla_deadline_at?.getTime() === job.sla_deadline_at?.getTime()
      ? ''
      : shiftText(job.sla_deadline_at, then.sla_deadline_at);
  const again = then.remaining_partitions - job.remaining_partitions;
  const parts = [
    then.paused ? 'paused' : '',
    // A what-if gives a stuck job no slots.
    !then.paused && !job.heartbeat_stale && then.slots !== job.running_slots - job.silent_slots
      ? `${job.running_slots - job.silent_slots} → ${then.slots} slots`
      : '',
    then.max_parallel === readStrategy(job.execution_strategy).max_parallel
      ? ''
      : `×${then.max_parallel}`,
    again > 0 ? `retry ${again}` : '',
    moved,
  ];
  return parts.filter(Boolean).join(', ');
}

function shiftText(from: Date | null, to: Date | null): string {
  if (to === null) return 'no deadline';
  if (from === null) return 'a deadline';
  const by = (to.getTime() - from.getTime()) / 1000;
  return `deadline ${by > 0 ? '+' : '−'}${formatDuration(Math.abs(by))}`;
}
