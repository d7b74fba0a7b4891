import type { JobView } from '../domain/job.ts';
import { shortId } from '../domain/job-reference.ts';
import { type Action, refusalOf } from '../domain/job-state.ts';
import { secondsBetween } from '../presentation/eta-phrase.ts';
import { formatAge } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import { isBoard } from './boards.ts';
import { act, followOf } from './follow.ts';
import { isStale } from './loading.ts';
import type { Card, CardFocus, State, Step } from './state.ts';
import type { Target } from './target.ts';
import { editText, insertText } from './text-field.ts';

/** Input is dropped for so long after the card has been painted. */
export const dropMs = 300;

/** Where the operator must say why (the command line asks for the same). */
const reasonRequired: Readonly<Record<Action, boolean>> = {
  pause: false,
  resume: false,
  cancel: true,
};

/** What must be typed before the button is armed: cancel cannot be undone. */
const checked: Readonly<Record<Action, boolean>> = { pause: false, resume: false, cancel: true };

/** Why an action on this job is not possible now, or null where it is. Never refuse in silence. */
export function whyNot(state: State, action: Action, target: Target | null): string | null {
  if (target === null) return 'no job is selected';
  if (state.options.read_only) return 'this console is read-only';
  if (target.gone) return 'this job is no longer there';
  if (isStale(state)) return 'the database does not answer: what is shown is old';
  const { job, as_of } = target;
  const follow = followOf(state, job.id);
  if (follow?.phase === 'sent') return 'the last action on it is not answered yet';
  if (follow?.phase === 'applied' && job.version <= follow.version) {
    return 'the last action on it is not shown yet';
  }
  const refusal = refusalOf(action, job.state);
  if (refusal === null || job.state !== 'paused' || job.paused_at === null) return refusal;
  return `${refusal} for ${formatAge(secondsBetween(job.paused_at, as_of))}`;
}

/** The question: nothing is sent before it has been answered with `y`. */
export function openCard(state: State, action: Action, { job, as_of, received_at }: Target): Step {
  const token = state.next_request;
  const card: Card = {
    type: 'card',
    action,
    job,
    as_of,
    seen_at: received_at,
    focus: 'cancel',
    reason: '',
    check: '',
    expected: checked[action] ? typedCheck(job) : null,
    token,
    painted_at: null,
    hint: null,
  };
  return [
    { ...state, overlay: card, notice: null, next_request: token + 1 },
    [{ type: 'announce-paint', token }],
  ];
}

/** The asset's name; where that cannot be typed on a plain keyboard, the job's short id. */
function typedCheck(job: JobView): string {
  return /^[\x21-\x7e]{1,80}$/.test(job.asset_name) ? job.asset_name : shortId(job.id);
}

export function needsReason(card: Card): boolean {
  return reasonRequired[card.action];
}

/** Focus order: cancel, reason, typed check, confirm. */
export function focusOrder(card: Card): CardFocus[] {
  return card.expected === null
    ? ['cancel', 'reason', 'confirm']
    : ['cancel', 'reason', 'check', 'confirm'];
}

/** What keeps the button from being armed, or null: then `y` acts. */
export function missing(state: State, card: Card): string | null {
  if (changedMeanwhile(state, card) !== null) return 'it has changed: close and look again';
  if (isStale(state)) return 'the database does not answer';
  if (needsReason(card) && card.reason.trim() === '') return 'a reason is required';
  if (card.expected !== null && card.check !== card.expected) {
    return `type ${safeText(card.expected)} to arm the button`;
  }
  return null;
}

/** The job's present state and version, if they are no longer those that the card was opened on. */
export function changedMeanwhile(state: State, card: Card): JobView | null {
  const present = onScreen(state).find(({ id }) => id === card.job.id);
  if (present === undefined) return null;
  const same = present.state === card.job.state && present.version === card.job.version;
  return same || present.version < card.job.version ? null : present;
}

/** The jobs as the present screen has last read them. */
function onScreen({ screen, job, jobs, boards }: State): readonly JobView[] {
  if (isBoard(screen)) return boards[screen].data?.jobs ?? [];
  return screen === 'job' && job !== null ? [job.job] : (jobs.list?.jobs ?? []);
}

/** Whether input is dropped: the operator has not had time to see the card. */
export function isDropping(card: Card, at: number): boolean {
  return card.painted_at === null || at < card.painted_at + dropMs;
}

type Pressed = { key: string; text: string | null; alone: boolean };

export function cardKey(state: State, card: Card, { key, text, alone }: Pressed): Step {
  if (isDropping(card, state.at)) return [state, []];
  if (card.focus === 'reason' || card.focus === 'check') return fieldKey(state, card, key, text);
  return buttonKey(state, card, key, alone);
}

/** Pasted text is text, wherever the focus is: on a button it goes nowhere. */
export function cardPaste(state: State, card: Card, text: string): Step {
  if (isDropping(card, state.at) || (card.focus !== 'reason' && card.focus !== 'check')) {
    return [state, []];
  }
  return shown(state, { ...card, [card.focus]: insertText(card[card.focus], text) });
}

const onward = ['tab', 'down', 'right', 'enter'];
const back = ['shift-tab', 'up', 'left'];

/** In a field every printable key is text; Tab, arrows and Enter move on; Esc leaves it. */
function fieldKey(state: State, card: Card, key: string, text: string | null): Step {
  const field = card.focus as 'reason' | 'check';
  const edited = editText(card[field], key, text);
  if (edited !== null) return shown(state, { ...card, [field]: edited });
  if (onward.includes(key)) return shown(state, moved(card, 1));
  if (back.includes(key)) return shown(state, moved(card, -1));
  return key === 'escape' ? shown(state, { ...card, focus: 'cancel' }) : [state, []];
}

/**
 * On a button: `y` acts once everything required is there. Enter never means yes, and neither does a
 * `y` at the end of a text that a terminal has pasted without saying so.
 */
function buttonKey(state: State, card: Card, key: string, alone: boolean): Step {
  if (key === 'y') {
    const lacking = missing(state, card) ?? (alone ? null : 'press y by itself');
    if (lacking !== null) return [{ ...state, overlay: { ...card, hint: lacking } }, []];
    return act({ ...state, overlay: null }, card);
  }
  if (key === 'escape' || key === 'n' || key === 'q') return [{ ...state, overlay: null }, []];
  if (key === 'enter' && card.focus === 'cancel') return [{ ...state, overlay: null }, []];
  if (key === 'enter') {
    return [
      {
        ...state,
        overlay: { ...card, hint: missing(state, card) ?? 'Enter never means yes: press y' },
      },
      [],
    ];
  }
  if (onward.includes(key)) return shown(state, moved(card, 1));
  if (back.includes(key)) return shown(state, moved(card, -1));
  return [state, []];
}

function moved(card: Card, by: 1 | -1): Card {
  const order = focusOrder(card);
  const next = (order.indexOf(card.focus) + by + order.length) % order.length;
  return { ...card, focus: order[next]! };
}

function shown(state: State, card: Card): Step {
  return [{ ...state, overlay: { ...card, hint: null } }, []];
}
