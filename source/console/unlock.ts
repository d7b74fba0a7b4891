import { safeText } from '../presentation/text/safe-text.ts';
import { dropMs } from './card.ts';
import { isReadOnly } from './context.ts';
import {
  type DialogView,
  dialogKey,
  dialogPaste,
  firstFocus,
  type Pressed,
} from './dialog-keys.ts';
import { closedByLetter } from './late-typing.ts';
import { ask, isStale } from './loading.ts';
import type { Unlock, UnlockFocus } from './overlay.ts';
import type { State, Step } from './state.ts';
import type { TextField } from './text-field.ts';

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

function viewOf(state: State, dialog: Unlock): DialogView<'check'> {
  return {
    order,
    focus: dialog.focus,
    caret: dialog.caret,
    value: () => dialog.typed,
    wanted: missingWord(dialog) === null ? null : 'check',
    dropping: dialog.painted_at === null || state.at < dialog.painted_at + dropMs,
  };
}

export function unlockKey(state: State, dialog: Unlock, pressed: Pressed): Step {
  const intent = dialogKey(viewOf(state, dialog), pressed);
  switch (intent.type) {
    case 'typed':
      return typed(state, dialog, intent.text);
    case 'focus':
      return shown(state, { ...dialog, focus: intent.focus, caret: dialog.typed.length });
    case 'close':
      return [closedByLetter({ ...state, overlay: null }, pressed), []];
    case 'confirm': {
      const reason = missingWord(dialog) ?? noUnlock(state);
      if (reason !== null) return withHint(state, dialog, reason);
      const free = closedByLetter({ ...state, overlay: null }, pressed);
      return ask(free, 'context', { type: 'unlock', ms: unlockMs });
    }
    case 'asked': {
      const rule = intent.by === 'y' ? 'press y alone' : 'Enter does not confirm: press y';
      return withHint(state, dialog, missingWord(dialog) ?? rule);
    }
    case 'other':
      return [state, []];
  }
}

export function unlockPaste(state: State, dialog: Unlock, text: string): Step {
  const intent = dialogPaste(viewOf(state, dialog), text);
  return intent?.type === 'typed' ? typed(state, dialog, intent.text) : [state, []];
}

function typed(state: State, dialog: Unlock, { value, caret }: TextField): Step {
  return shown(state, { ...dialog, focus: 'check', typed: value, caret });
}

function withHint(state: State, dialog: Unlock, hint: string): Step {
  const focus = missingWord(dialog) === null ? dialog.focus : 'check';
  return [{ ...state, overlay: { ...dialog, focus, caret: dialog.typed.length, hint } }, []];
}

export function missingWord({ typed, expected }: Unlock): string | null {
  return typed === expected ? null : `type ${safeText(expected)} to enable the button`;
}

function shown(state: State, dialog: Unlock): Step {
  return [{ ...state, overlay: { ...dialog, hint: null } }, []];
}
