import { act } from '../../background/follow.ts';
import type { Card, CardFocus, FieldName, Pressed } from '../../model/overlay.ts';
import type { State, Step } from '../../model/state.ts';
import { type Form, formKey, formPaste } from '../form.ts';
import { startRun } from '../run/state.ts';
import { caretAtEnd, focusOrder, missing, parametersOf, settingsOf, wantedField } from './state.ts';

function formOf(state: State, card: Card): Form<Card, FieldName> {
  return {
    dialog: card,
    order: focusOrder(card),
    value: (field) => card.values[field] ?? '',
    wanted: wantedField(card),
    missing: () => missing(state, card),
    focused: (focus) => moved(card, focus),
    typed: (field, { value, caret }) => {
      return { ...card, focus: field, caret, values: { ...card.values, [field]: value } };
    },
    confirmed: (free) => {
      const input = { parameters: parametersOf(card), settings: settingsOf(card) };
      return card.plan === null ? act(free, card, input) : startRun(free, card, input);
    },
    other: (key) => {
      if (key === turnKey) return { ...card, only: card.only === null ? card.selected : null };
      const by = { 'page-down': 5, 'page-up': -5 }[key];
      return by === undefined ? null : scrolled(card, by);
    },
  };
}

export function cardKey(state: State, card: Card, pressed: Pressed): Step {
  return formKey(state, formOf(state, card), pressed);
}

export function cardPaste(state: State, card: Card, text: string): Step {
  return formPaste(state, formOf(state, card), text);
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

export const turnKey = 'ctrl-t';

function scrolled(card: Card, by: number): Card {
  const { plan } = card;
  if (plan === null) return card;
  const top = Math.min(Math.max(0, plan.top + by), Math.max(0, plan.jobs.length - 1));
  return { ...card, plan: { ...plan, top } };
}
