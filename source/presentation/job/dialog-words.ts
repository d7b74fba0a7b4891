import type { Dialog } from '../../domain/job/dialog.ts';
import { formatFullCount } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

/** `mara@db-7 has Cancel open on this job for 20s`, and how many more such dialogs there are; null where there is none. */
export function dialogWords(
  dialogs: readonly Dialog[],
  asOf: Date,
  about = 'on this job',
): string | null {
  const [first] = dialogs;
  if (first === undefined) return null;
  const others = first.jobs - 1;
  const where = others > 0 ? `${about} and ${formatFullCount(others)} more` : about;
  const text = `${holderWords(first)} ${where} ${sinceWords(first, asOf)}`;
  return `${text}${moreWords(dialogs)}`;
}

/** Of several jobs: `mara@db-7 has Cancel open on 2 of these for 20s: orders_daily, clicks`. */
export function planDialogWords(
  dialogs: readonly Dialog[],
  asOf: Date,
  nameOf: (id: string) => string,
): string | null {
  const [first] = dialogs;
  if (first === undefined) return null;
  const { job_ids: ids } = first;
  const named = ids.slice(0, 3).map(nameOf).join(', ');
  const names = ids.length > 3 ? `${named}, …` : named;
  const count = ids.length < 100 ? formatFullCount(ids.length) : '100 or more';
  return `${holderWords(first)} on ${count} of these ${sinceWords(first, asOf)}: ${names}${moreWords(dialogs)}`;
}

/** `mara@db-7 has Cancel open`: where the name says the host by itself, it is not said twice. */
export function holderWords({ actor, host, action }: Dialog, state = 'open'): string {
  const name = actor.includes('@') ? actor : `${actor}@${host}`;
  const word = safeText(action, { cap: 30 });
  return `${safeText(name, { cap: 80 })} has ${word.charAt(0).toUpperCase()}${word.slice(1)} ${state}`;
}

/** In steps, so that nothing ticks. */
function sinceWords({ opened_at }: Dialog, asOf: Date): string {
  const seconds = Math.floor((asOf.getTime() - opened_at.getTime()) / 5000) * 5;
  if (seconds < 5) return 'for <5s';
  return seconds < 60 ? `for ${seconds}s` : `for ${formatFullCount(Math.floor(seconds / 60))}m`;
}

function moreWords({ length }: readonly Dialog[]): string {
  return length > 1 ? ` (and ${length - 1} more)` : '';
}
