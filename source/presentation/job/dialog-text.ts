import type { Dialog } from '../../domain/job/dialog.ts';
import { formatFullCount } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

/**
 * `mara@db-7 has Cancel open on this job for 20s`, and the number of other dialogs; null without
 * any.
 */
export function dialogText(
  dialogs: readonly Dialog[],
  asOf: Date,
  about = 'on this job',
): string | null {
  const [first] = dialogs;
  if (first === undefined) return null;
  const others = first.jobs - 1;
  const where = others > 0 ? `${about} and ${formatFullCount(others)} more` : about;
  const text = `${openDialog(first)} ${where} ${openFor(first, asOf)}`;
  return `${text}${moreDialogs(dialogs)}`;
}

/** Of several jobs: `mara@db-7 has Cancel open on 2 of these for 20s: orders_daily, clicks`. */
export function planDialogText(
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
  return `${openDialog(first)} on ${count} of these ${openFor(first, asOf)}: ${names}${moreDialogs(dialogs)}`;
}

/** `mara@db-7 has Cancel open`; a host in the name is not repeated. */
function openDialog(dialog: Dialog): string {
  return `${holderOf(dialog)} has ${titleOf(dialog)} open`;
}

/** `mara@db-7 closed Cancel` */
export function closedDialog(dialog: Dialog): string {
  return `${holderOf(dialog)} closed ${titleOf(dialog)}`;
}

function holderOf({ actor, host }: Dialog): string {
  return safeText(actor.includes('@') ? actor : `${actor}@${host}`, { cap: 80 });
}

function titleOf({ action }: Dialog): string {
  const word = safeText(action, { cap: 30 });
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** In steps of 5 s, so that the line rarely changes. */
function openFor({ opened_at }: Dialog, asOf: Date): string {
  const seconds = Math.floor((asOf.getTime() - opened_at.getTime()) / 5000) * 5;
  if (seconds < 5) return 'for <5s';
  return seconds < 60 ? `for ${seconds}s` : `for ${formatFullCount(Math.floor(seconds / 60))}m`;
}

function moreDialogs({ length }: readonly Dialog[]): string {
  return length > 1 ? ` (and ${length - 1} more)` : '';
}
