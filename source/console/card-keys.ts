import { fieldOf, focusOrder, isDropping, missing, parametersOf, settingsOf } from './card.ts';
import { act } from './follow.ts';
import type { Card, FieldName } from './overlay.ts';
import { startRun } from './run.ts';
import type { State, Step } from './state.ts';
import { editText, insertText } from './text-field.ts';

type Pressed = { key: string; text: string | null; alone: boolean };

export function cardKey(state: State, card: Card, { key, text, alone }: Pressed): Step {
  if (isDropping(card, state.at)) return [state, []];
  const field = fieldOf(card);
  return field === null
    ? buttonKey(state, card, key, alone)
    : fieldKey(state, card, field, key, text);
}

/** Pasted text is text, wherever the focus is: on a button it goes nowhere. */
export function cardPaste(state: State, card: Card, text: string): Step {
  const field = fieldOf(card);
  if (isDropping(card, state.at) || field === null) return [state, []];
  return typed(state, card, field, insertText(card.values[field] ?? '', text));
}

const onward = ['tab', 'down', 'right', 'enter'];
const back = ['shift-tab', 'up', 'left'];

/** In a field every printable key is text; Tab, arrows and Enter move on; Esc leaves it. */
function fieldKey(
  state: State,
  card: Card,
  field: FieldName,
  key: string,
  text: string | null,
): Step {
  const edited = editText(card.values[field] ?? '', key, text);
  if (edited !== null) return typed(state, card, field, edited);
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
    const told = { parameters: parametersOf(card), settings: settingsOf(card) };
    if (card.plan !== null) return startRun({ ...state, overlay: null }, card, told);
    return act({ ...state, overlay: null }, card, told);
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
  const by = { 'page-down': 5, 'page-up': -5 }[key];
  return by === undefined ? [state, []] : shown(state, scrolled(card, by));
}

function moved(card: Card, by: 1 | -1): Card {
  const order = focusOrder(card);
  const next = (order.indexOf(card.focus) + by + order.length) % order.length;
  return { ...card, focus: order[next]! };
}

/** Through the list of a plan's jobs. */
function scrolled(card: Card, by: number): Card {
  const { plan } = card;
  if (plan === null) return card;
  const top = Math.min(Math.max(0, plan.top + by), Math.max(0, plan.jobs.length - 1));
  return { ...card, plan: { ...plan, top } };
}

function typed(state: State, card: Card, field: FieldName, text: string): Step {
  return shown(state, { ...card, values: { ...card.values, [field]: text } });
}

function shown(state: State, card: Card): Step {
  return [{ ...state, overlay: { ...card, hint: null } }, []];
}
