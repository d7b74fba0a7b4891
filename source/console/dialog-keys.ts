import { editText, fieldOfText, insertText, type TextField } from './text-field.ts';

export type DialogView<F extends string> = {
  order: readonly (F | 'cancel' | 'confirm')[];
  focus: F | 'cancel' | 'confirm';
  caret: number;
  value: (field: F) => string;
  /** The first field that still has to be filled in. */
  wanted: F | null;
  /** The operator has not had time to see the dialog: nothing acts, and typed text is kept. */
  dropping: boolean;
};

export type Pressed = { key: string; text: string | null; alone: boolean };

/** `asked`: the key would confirm, and may not do so yet. */
export type DialogIntent<F extends string> =
  | { type: 'typed'; field: F; text: TextField }
  | { type: 'focus'; focus: F | 'cancel' | 'confirm' }
  | { type: 'close' }
  | { type: 'confirm' }
  | { type: 'asked'; by: 'y' | 'enter' }
  | { type: 'other'; key: string };

export function firstFocus<F extends string>(order: DialogView<F>['order']): F | 'cancel' {
  const field = order.find((one) => one !== 'cancel' && one !== 'confirm');
  return (field as F | undefined) ?? 'cancel';
}

const onward = ['tab', 'down', 'right', 'enter'];
const back = ['shift-tab', 'up', 'left'];

/**
 * Letters act on buttons only, and only when no field is missing. Enter does not confirm; `y` does
 * when it is the only key of its read.
 */
export function dialogKey<F extends string>(
  view: DialogView<F>,
  pressed: Pressed,
): DialogIntent<F> {
  const intent = intentOf(view, pressed);
  const acts = ['close', 'confirm', 'asked', 'other'].includes(intent.type);
  return view.dropping && acts ? { type: 'other', key: '' } : intent;
}

function intentOf<F extends string>(
  view: DialogView<F>,
  { key, text, alone }: Pressed,
): DialogIntent<F> {
  const field = fieldAt(view);
  const edited = field === null ? null : editText(fieldNow(view, field), key, text);
  if (field !== null && edited !== null) return { type: 'typed', field, text: edited };
  if (field === null && key === 'y')
    return alone ? { type: 'confirm' } : { type: 'asked', by: 'y' };
  if (field === null && text !== null && view.wanted !== null) {
    const whole = fieldOfText(view.value(view.wanted));
    return { type: 'typed', field: view.wanted, text: insertText(whole, text) };
  }
  if (field === null && ['escape', 'n', 'q'].includes(key)) return { type: 'close' };
  if (key === 'escape') return { type: 'focus', focus: 'cancel' };
  if (key === 'enter' && view.focus === 'cancel') return { type: 'close' };
  if (key === 'enter' && view.focus === 'confirm') return { type: 'asked', by: 'enter' };
  const by = onward.includes(key) ? 1 : back.includes(key) ? view.order.length - 1 : 0;
  if (by === 0) return { type: 'other', key };
  const next = (view.order.indexOf(view.focus) + by) % view.order.length;
  return { type: 'focus', focus: view.order[next]! };
}

/** Pasted text goes into a field; on a button it is ignored. */
export function dialogPaste<F extends string>(
  view: DialogView<F>,
  text: string,
): DialogIntent<F> | null {
  const field = fieldAt(view);
  if (field === null) return null;
  return { type: 'typed', field, text: insertText(fieldNow(view, field), text) };
}

function fieldAt<F extends string>({ focus }: DialogView<F>): F | null {
  return focus === 'cancel' || focus === 'confirm' ? null : focus;
}

function fieldNow<F extends string>({ value, caret }: DialogView<F>, field: F): TextField {
  return { value: value(field), caret };
}
