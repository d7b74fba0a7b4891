import type { Health } from '../../domain/job/health.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { WaitingClause } from '../../domain/triage/clause-reason.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell, Tone } from '../text/tone.ts';
import { stateLabel } from './state-label.ts';

/** How a health looks; null: as the state does. */
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

/** The colour of a job's dot and bar: a trouble is never green. Colour is not the only carrier: ETA, SLA and the reason say it in words. */
export function jobTone({ health, state }: Pick<JobView, 'health' | 'state'>): Tone {
  return tones[health] ?? stateLabel(state).tone;
}

/** Why a job is not well, for a line of its own; null where its deadline says all there is to say. */
export function healthText({
  health,
  health_reason: reason,
}: Pick<JobView, 'health' | 'health_reason'>): Cell | null {
  if (reason === null) return null;
  return { text: safeText(reason), tone: tones[health] ?? 'plain' };
}

/** Where an ETA would stand, it says why there is none. */
export function isNotWorkedOn({
  health,
  waits_for,
}: Pick<JobView, 'health' | 'waits_for'>): boolean {
  return waits_for !== null || health === 'silent';
}

/** Why there is no ETA, in the room that an ETA has. */
export const waitingLabels: Readonly<Record<WaitingClause, readonly [string, ...string[]]>> = {
  no_executor: ['no executor'],
  unavailable: ['not reachable', 'away'],
  no_handler: ['no handler'],
  draining: ['draining'],
  on_hold: ['claiming held', 'on_hold'],
  limited: ['limit reached', 'limited'],
  back_off: ['snoozed'],
  outranked: ['waits for slot', 'no slot'],
};
