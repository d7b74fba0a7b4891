import { safeText } from '../presentation/safe-text.ts';
import { dropMs } from './card.ts';
import { ask, isStale } from './loading.ts';
import type { Unlock } from './overlay.ts';
import { isReadOnly } from './place.ts';
import type { State, Step } from './state.ts';
import { editText, insertText } from './text-field.ts';

/** How long an unlocked context stays so. */
export const unlockMs = 10 * 60_000;

/** Why a read-only place cannot be unlocked, or null. */
export function noUnlock(state: State): string | null {
  if (!isReadOnly(state)) {
    return state.options.read_only ? 'it is unlocked already' : 'it is not read-only';
  }
  if (isStale(state)) return 'the database does not answer';
  return state.options.why_locked ?? null;
}

/** The question: the context's name is to be typed, and `y` said on a button. */
export function openUnlock(state: State): Step {
  const token = state.next_request;
  const { context, tenant } = state.options.labels;
  const overlay: Unlock = {
    type: 'unlock',
    focus: 'cancel',
    typed: '',
    expected: context ?? tenant,
    token,
    painted_at: null,
    hint: null,
  };
  return [
    { ...state, overlay, notice: null, next_request: token + 1 },
    [{ type: 'announce-paint', token }],
  ];
}

const order: readonly Unlock['focus'][] = ['cancel', 'check', 'confirm'];
const onward = ['tab', 'down', 'right', 'enter'];
const back = ['shift-tab', 'up', 'left'];

/** As on an action's card: Enter never means yes, `y` does, by itself and on a button. */
export function unlockKey(
  state: State,
  dialog: Unlock,
  { key, text, alone }: { key: string; text: string | null; alone: boolean },
): Step {
  if (dialog.painted_at === null || state.at < dialog.painted_at + dropMs) return [state, []];
  if (dialog.focus === 'check') {
    const edited = editText(dialog.typed, key, text);
    if (edited !== null) return shown(state, { ...dialog, typed: edited });
    if (key === 'escape') return shown(state, { ...dialog, focus: 'cancel' });
  } else if (key === 'y') {
    const lacking = missingWord(dialog) ?? (alone ? noUnlock(state) : 'press y by itself');
    if (lacking !== null) return [{ ...state, overlay: { ...dialog, hint: lacking } }, []];
    return ask({ ...state, overlay: null }, 'place', { type: 'unlock', ms: unlockMs });
  } else if (['escape', 'n', 'q'].includes(key) || (key === 'enter' && dialog.focus === 'cancel')) {
    return [{ ...state, overlay: null }, []];
  } else if (key === 'enter') {
    const hint = missingWord(dialog) ?? 'Enter never means yes: press y';
    return [{ ...state, overlay: { ...dialog, hint } }, []];
  }
  const by = onward.includes(key) ? 1 : back.includes(key) ? order.length - 1 : 0;
  const focus = order[(order.indexOf(dialog.focus) + by) % order.length]!;
  return by === 0 ? [state, []] : shown(state, { ...dialog, focus });
}

/** Pasted text is text in the field, and nothing on a button. */
export function unlockPaste(state: State, dialog: Unlock, text: string): Step {
  if (dialog.focus !== 'check' || dialog.painted_at === null) return [state, []];
  return shown(state, { ...dialog, typed: insertText(dialog.typed, text) });
}

/** What keeps the button from being armed, or null. */
export function missingWord({ typed, expected }: Unlock): string | null {
  return typed === expected ? null : `type ${safeText(expected)} to arm the button`;
}

function shown(state: State, dialog: Unlock): Step {
  return [{ ...state, overlay: { ...dialog, hint: null } }, []];
}
