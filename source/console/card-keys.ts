import {
  caretAtEnd,
  focusOrder,
  isDropping,
  missing,
  parametersOf,
  settingsOf,
  wantedField,
} from './card.ts';
import { type DialogView, dialogKey, dialogPaste, type Pressed } from './dialog-keys.ts';
import { act } from './follow.ts';
import { closedByLetter } from './late-typing.ts';
import type { Card, CardFocus, FieldName } from './overlay.ts';
import { startRun } from './run.ts';
import type { State, Step } from './state.ts';
import type { TextField } from './text-field.ts';

function viewOf(state: State, card: Card): DialogView<FieldName> {
  return {
    order: focusOrder(card),
    focus: card.focus,
    caret: card.caret,
    value: (field) => card.values[field] ?? '',
    wanted: wantedField(card),
    dropping: isDropping(card, state.at),
  };
}

export function cardKey(state: State, card: Card, pressed: Pressed): Step {
  const intent = dialogKey(viewOf(state, card), pressed);
  switch (intent.type) {
    case 'typed':
      return typed(state, card, intent.field, intent.text);
    case 'focus':
      return shown(state, moved(card, intent.focus));
    case 'close':
      return [closedByLetter({ ...state, overlay: null }, pressed), []];
    case 'confirm': {
      const reason = missing(state, card);
      return reason === null ? confirmed(state, card, pressed) : withHint(state, card, reason);
    }
    case 'asked': {
      const rule = intent.by === 'y' ? 'press y alone' : 'Enter does not confirm: press y';
      return withHint(state, card, missing(state, card) ?? rule);
    }
    case 'other': {
      if (intent.key === turnKey) return shown(state, turned(card));
      const by = { 'page-down': 5, 'page-up': -5 }[intent.key];
      return by === undefined ? [state, []] : shown(state, scrolled(card, by));
    }
  }
}

export function cardPaste(state: State, card: Card, text: string): Step {
  const intent = dialogPaste(viewOf(state, card), text);
  return intent?.type === 'typed' ? typed(state, card, intent.field, intent.text) : [state, []];
}

function confirmed(state: State, card: Card, pressed: Pressed): Step {
  const free = closedByLetter({ ...state, overlay: null }, pressed);
  const input = { parameters: parametersOf(card), settings: settingsOf(card) };
  return card.plan === null ? act(free, card, input) : startRun(free, card, input);
}

function withHint(state: State, card: Card, hint: string): Step {
  const wanted = wantedField(card);
  const at = wanted === null ? card : moved(card, wanted);
  return [{ ...state, overlay: { ...at, hint } }, []];
}

/** A count or name typed into the reason is moved to the field that asks for it. */
function moved(card: Card, focus: CardFocus): Card {
  const { expected, values } = card;
  const misplaced =
    card.focus === 'reason' && values.check === '' && values.reason.trim() === expected;
  if (!misplaced) return caretAtEnd({ ...card, focus });
  const put = { ...card, values: { ...values, reason: '', check: expected ?? '' } };
  return caretAtEnd({ ...put, focus: focus === 'check' ? 'confirm' : focus });
}

/** Switches between the selected failed partition and all failed ones. */
export const turnKey = 'ctrl-t';

function turned(card: Card): Card {
  return { ...card, only: card.only === null ? card.selected : null };
}

function scrolled(card: Card, by: number): Card {
  const { plan } = card;
  if (plan === null) return card;
  const top = Math.min(Math.max(0, plan.top + by), Math.max(0, plan.jobs.length - 1));
  return { ...card, plan: { ...plan, top } };
}

function typed(state: State, card: Card, field: FieldName, { value, caret }: TextField): Step {
  const values = { ...card.values, [field]: value };
  return shown(state, { ...card, focus: field, caret, values });
}

function shown(state: State, card: Card): Step {
  return [{ ...state, overlay: { ...card, hint: null } }, []];
}
