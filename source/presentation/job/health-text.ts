import type { Health } from '../../domain/job/health.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { WaitingClause } from '../../domain/triage/clause-reason.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell, Tone } from '../text/tone.ts';
import { stateLabel } from './state-label.ts';

/** Null: the tone of the state. */
const tones: Readonly<Record<Health, Tone | null>> = {
  breached: 'bad',
  stuck: 'bad',
  silent: 'bad',
  late: 'warn',
  unclaimed: 'warn',
  blocked: 'bad',
  auto_paused: 'bad',
  unknown: 'warn',
  incomplete: 'warn',
  failed: null,
  starved: 'warn',
  queued: null,
  snoozed: 'warn',
  ok: null,
};

/**
 * Tone of a job's mark and bar. ETA, SLA and the reason carry the same information without colour.
 */
export function jobTone({ health, state }: Pick<JobView, 'health' | 'state'>): Tone {
  return tones[health] ?? stateLabel(state).tone;
}

/** Why a job needs attention, as a line; null if the deadline says it all. */
export function healthText({
  health,
  health_reason: reason,
}: Pick<JobView, 'health' | 'health_reason'>): Cell | null {
  if (reason === null) return null;
  return { text: safeText(reason), tone: tones[health] ?? 'plain' };
}

export function isWaiting({ health, waits_for }: Pick<JobView, 'health' | 'waits_for'>): boolean {
  return waits_for !== null || health === 'silent';
}

/** As wide as an ETA. */
export const waitingLabels: Readonly<Record<WaitingClause, readonly [string, ...string[]]>> = {
  no_executor: ['no executor'],
  unavailable: ['unavailable', 'outage'],
  no_handler: ['no handler'],
  draining: ['draining'],
  on_hold: ['on hold'],
  limited: ['limit reached', 'limited'],
  back_off: ['snoozed'],
  outranked: ['waits for slot', 'no slot'],
};
