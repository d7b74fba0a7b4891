import { safeText } from '../../../presentation/text/safe-text.ts';
import { isReadOnly } from '../../model/access.ts';
import { ask } from '../../model/asking.ts';
import { isStale } from '../../model/link.ts';
import type { Pressed, Unlock, UnlockFocus } from '../../model/overlay.ts';
import type { State, Step } from '../../model/state.ts';
import { type Form, firstFocus, formKey, formPaste } from '../form.ts';

export const unlockMs = 10 * 60_000;

export function noUnlock(state: State): string | null {
  if (!isReadOnly(state)) {
    return state.options.read_only ? 'already unlocked' : 'this context is not read-only';
  }
  if (isStale(state)) return 'no answer from the database';
  return state.options.locked_reason ?? null;
}

/** Opens the dialog: the context's name must be typed, then `y` on a button. */
export function openUnlock(state: State): Step {
  const token = state.next_request;
  const { context, tenant } = state.options.labels;
  const overlay: Unlock = {
    type: 'unlock',
    focus: firstFocus(order),
    typed: '',
    caret: 0,
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

const order: readonly UnlockFocus[] = ['cancel', 'check', 'confirm'];

function formOf(state: State, dialog: Unlock): Form<Unlock, 'check'> {
  const word = missingWord(dialog);
  return {
    dialog,
    order,
    value: () => dialog.typed,
    wanted: word === null ? null : 'check',
    missing: () => word ?? noUnlock(state),
    focused: (focus) => ({ ...dialog, focus, caret: dialog.typed.length }),
    typed: (_, { value, caret }) => ({ ...dialog, focus: 'check', typed: value, caret }),
    confirmed: (free) => ask(free, 'context', { type: 'unlock', ms: unlockMs }),
  };
}

export function unlockKey(state: State, dialog: Unlock, pressed: Pressed): Step {
  return formKey(state, formOf(state, dialog), pressed);
}

export function unlockPaste(state: State, dialog: Unlock, text: string): Step {
  return formPaste(state, formOf(state, dialog), text);
}

export function missingWord({ typed, expected }: Unlock): string | null {
  return typed === expected ? null : `type ${safeText(expected)} to enable the button`;
}
