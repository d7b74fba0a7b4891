import { closedByLetter } from '../model/late-typing.ts';
import type { Card, Pressed, Unlock } from '../model/overlay.ts';
import type { State, Step } from '../model/state.ts';
import { editText, fieldOfText, insertText, type TextField } from '../widgets/text-field.ts';

/** No key acts in the first milliseconds after a dialog was painted; typed text counts. */
export const dropMs = 300;

type Focus<F> = F | 'cancel' | 'confirm';

/** A dialog of fields between two buttons: the card of an action, and the unlock dialog. */
export type Form<D extends Card | Unlock, F extends string> = {
  dialog: D;
  order: readonly Focus<F>[];
  value: (field: F) => string;
  wanted: F | null;
  missing: () => string | null;
  focused: (focus: Focus<F>) => D;
  typed: (field: F, text: TextField) => D;
  confirmed: (state: State) => Step;
  other?: (key: string) => D | null;
};

export function firstFocus<F extends string>(order: readonly Focus<F>[]): F | 'cancel' {
  const field = order.find((one) => one !== 'cancel' && one !== 'confirm');
  return (field as F | undefined) ?? 'cancel';
}

/** Whether nothing may act yet: the operator has not had time to see the dialog. */
export function isDropping({ painted_at }: Pick<Card, 'painted_at'>, at: number): boolean {
  return painted_at === null || at < painted_at + dropMs;
}

const onward = ['tab', 'down', 'right', 'enter'];
const back = ['shift-tab', 'up', 'left'];

/**
 * Letters act on buttons only, and only when no field is missing. Enter does not confirm; `y` does
 * when it is the only key of its read.
 */
export function formKey<D extends Card | Unlock, F extends string>(
  state: State,
  form: Form<D, F>,
  pressed: Pressed,
): Step {
  const { key, text, alone } = pressed;
  const { dialog, order, wanted } = form;
  const field = fieldAt(form);
  const edited = field === null ? null : editText(fieldNow(form, field), key, text);
  if (field !== null && edited !== null) return shown(state, form.typed(field, edited));
  const drops = isDropping(dialog, state.at);
  if (field === null && key === 'y') {
    if (drops) return [state, []];
    const reason = form.missing() ?? (alone ? null : 'press y alone');
    return reason === null
      ? form.confirmed(closedByLetter({ ...state, overlay: null }, pressed))
      : hinted(state, form, reason);
  }
  if (field === null && text !== null && wanted !== null) {
    const whole = fieldOfText(form.value(wanted));
    return shown(state, form.typed(wanted, insertText(whole, text)));
  }
  const closes =
    (field === null && ['escape', 'n', 'q'].includes(key)) ||
    (key === 'enter' && dialog.focus === 'cancel');
  if (closes)
    return drops ? [state, []] : [closedByLetter({ ...state, overlay: null }, pressed), []];
  if (key === 'escape') return shown(state, form.focused('cancel'));
  if (key === 'enter' && dialog.focus === 'confirm') {
    const reason = form.missing() ?? 'Enter does not confirm: press y';
    return drops ? [state, []] : hinted(state, form, reason);
  }
  const by = onward.includes(key) ? 1 : back.includes(key) ? order.length - 1 : 0;
  if (by > 0) {
    const next = (order.indexOf(dialog.focus as Focus<F>) + by) % order.length;
    return shown(state, form.focused(order[next]!));
  }
  const other = drops ? null : (form.other?.(key) ?? null);
  return other === null ? [state, []] : shown(state, other);
}

/** Pasted text goes into a field; on a button it is ignored. */
export function formPaste<D extends Card | Unlock, F extends string>(
  state: State,
  form: Form<D, F>,
  text: string,
): Step {
  const field = fieldAt(form);
  if (field === null) return [state, []];
  return shown(state, form.typed(field, insertText(fieldNow(form, field), text)));
}

function fieldAt<D extends Card | Unlock, F extends string>({ dialog }: Form<D, F>): F | null {
  const { focus } = dialog;
  return focus === 'cancel' || focus === 'confirm' ? null : (focus as F);
}

function fieldNow<D extends Card | Unlock, F extends string>(
  { dialog, value }: Form<D, F>,
  field: F,
): TextField {
  return { value: value(field), caret: dialog.caret };
}

function shown(state: State, dialog: Card | Unlock): Step {
  return [{ ...state, overlay: { ...dialog, hint: null } }, []];
}

function hinted<D extends Card | Unlock, F extends string>(
  state: State,
  { dialog, wanted, focused }: Form<D, F>,
  hint: string,
): Step {
  const at = wanted === null ? dialog : focused(wanted);
  return [{ ...state, overlay: { ...at, hint } }, []];
}
