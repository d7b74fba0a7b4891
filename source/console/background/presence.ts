import { type Dialog, dialogLease, dialogsOn, dialogsWithout } from '../../domain/job/dialog.ts';
import { ask, asked, chain } from '../model/asking.ts';
import type { DataAnswer, Effect } from '../model/effects.ts';
import type { Card, CardPlan } from '../model/overlay.ts';
import { isOfChanges } from '../model/run-items.ts';
import type { State, Step } from '../model/state.ts';

/**
 * Announces an opened or closed dialog to other consoles, one question at a time. Nothing waits for
 * it.
 */
export function announceDialog([state, effects]: Step): Step {
  if (asked(state, 'dialogs') !== null) return [state, effects];
  const { announced, refused } = state.dialogs;
  const card = cardOf(state);
  if (card === null && announced === null) return [state, effects];
  if (card !== null && (card.token === announced || card.token === refused))
    return [state, effects];
  const [next, more] = card === null ? leave(state) : hold(state, card, false);
  return [next, [...effects, ...more]];
}

function cardOf({ overlay }: State): Card | null {
  return overlay?.type === 'card' ? overlay : null;
}

function hold(state: State, card: Card, renew: boolean): Step {
  const ids = card.plan === null ? [card.job.id] : plannedIds(card.plan);
  return ask({ ...state, dialogs: { ...state.dialogs, announced: card.token } }, 'dialogs', {
    type: 'announce-dialog',
    action: card.plan !== null && isOfChanges(card.plan) ? 'apply' : card.name,
    ids,
    renew,
  });
}

export function plannedIds({ jobs }: CardPlan): string[] {
  return [...new Set(jobs.flatMap(({ job, refusal }) => (refusal === null ? [job.id] : [])))];
}

function leave(state: State): Step {
  const gone = { ...state, dialogs: { announced: null, refused: null } };
  return ask(gone, 'dialogs', { type: 'close-dialog' });
}

export function renew(state: State): Step {
  const card = cardOf(state);
  return card !== null && card.token === state.dialogs.announced
    ? hold(state, card, true)
    : [state, []];
}

/** Dialogs of others on these jobs. A failure is ignored: the dialog works without. */
export function dialogsAnswered(state: State, answer: DataAnswer): Step {
  const card = cardOf(state);
  if (card === null || card.token !== state.dialogs.announced) return [state, []];
  const again: Effect = { type: 'timer', name: 'dialogs', after_ms: dialogLease.renew_ms };
  if (answer.type === 'dialogs') {
    const { as_of, dialogs } = answer;
    const shown = { ...state, overlay: { ...card, others: { as_of, dialogs } } };
    // A dialog closed meanwhile may have led to an action: read the journal again.
    const closed = dialogsWithout(card.others?.dialogs ?? [], dialogs);
    const news = card.plan === null && closed.length > 0;
    const step: Step = [shown, [again]];
    return news ? chain(step, (next) => askRecentEvents(next, card)) : step;
  }
  if (answer.type !== 'failure') return [state, []];
  const unsure = { ...state, overlay: { ...card, others: null } };
  if (answer.failure.code === 'database_unreachable') return [unsure, [again]];
  // For example a role without the privilege: asking again would not help.
  return [{ ...unsure, dialogs: { announced: null, refused: card.token } }, []];
}

export function askRecentEvents(state: State, { token, job }: Card): Step {
  return ask(state, 'card', { type: 'load-recent-events', id: job.id }, String(token));
}

export function dialogsInTable({ jobs }: State, id: string): readonly Dialog[] {
  return dialogsOn(jobs.list?.page.dialogs ?? [], id);
}
