import { wrap } from '../../../presentation/text/fitted.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { keyFor } from '../../model/key-hints.ts';
import type { Unlock } from '../../model/overlay.ts';
import type { State } from '../../model/state.ts';
import { alertRows, alertText } from '../../widgets/alert-text.ts';
import { buttons } from '../../widgets/buttons.ts';
import { fieldText, unfocusedText } from '../../widgets/field-spans.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { type DialogProps, within } from '../dialog.ts';
import { missingWord } from './state.ts';

export type UnlockContents = ReturnType<typeof unlockContents>;

/** `why` (the button is dead) replaces the blank line before the buttons, if there is room. */
export function unlockContents({ state, overlay: dialog, width, height }: DialogProps<Unlock>) {
  const plain = unlockLines(state, dialog, width);
  const asked = dialog.hint === null ? null : alertText(dialog.hint, width);
  const why = asked !== null && plain.length - 1 + alertRows(asked) <= height ? asked : null;
  const all = why === null ? plain : unlockLines(state, { ...dialog, hint: null }, width);
  const lines = within(all, width, height);
  const gap = all.length - 2;
  return {
    title: 'Unlock',
    width,
    rows: lines.length + (why === null ? 0 : alertRows(why) - 1),
    text: lines.slice(0, gap),
    why,
    buttons: lines.slice(why === null ? gap : gap + 1),
  };
}

function unlockLines(state: State, dialog: Unlock, width: number): Line[] {
  const { context, database, tenant } = state.options.labels;
  const name = safeText(`${context ?? database} / ${tenant}`);
  const text = `${name} is read-only. Unlocking allows actions for 10 minutes, or until ${keyFor(state, 'palette')} ro, through its write_url.`;
  const marked = dialog.focus === 'check';
  return [
    ...wrap(text, width).map((line): Line => [span(line)]),
    [],
    [
      span(marked ? '▐' : ' ', 'accent'),
      span(`Type ${safeText(dialog.expected)}: `, 'dim'),
      ...(marked
        ? fieldText({ value: dialog.typed, caret: dialog.caret }, Math.max(4, width / 2))
        : unfocusedText(dialog.typed, Math.max(4, width / 2), 'strong')),
    ],
    [],
    [
      ...buttons([
        { text: 'Stay read-only', focused: dialog.focus === 'cancel', off: false },
        {
          text: 'Unlock',
          focused: dialog.focus === 'confirm',
          off: missingWord(dialog) !== null,
        },
      ]),
      span(
        dialog.hint === null ? '  (Tab to it, then y)' : `  ${signOf('warn')}${dialog.hint}`,
        dialog.hint === null ? 'dim' : 'warn',
      ),
    ],
  ];
}
