import { keyFor } from '../../../console/key-hints.ts';
import type { Unlock } from '../../../console/overlay.ts';
import type { State } from '../../../console/state.ts';
import { missingWord } from '../../../console/unlock.ts';
import { wrap } from '../../../presentation/text/fitted.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { buttons } from '../../widgets/buttons.ts';
import { alertPart, inserted, type Part, rowsOf } from '../../widgets/parts/parts.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { fieldText, unfocusedText } from '../../widgets/text-field.ts';
import { type Contents, type DialogProps, within } from '../dialog.ts';

export type UnlockContents = Contents & { parts: readonly Part[] };

/** What is missing is an alert in place of the blank line before the buttons, if there is room. */
export function unlockContents({
  state,
  overlay: dialog,
  width,
  height,
}: DialogProps<Unlock>): UnlockContents {
  const why = dialog.hint === null ? null : alertPart('warning', dialog.hint, width);
  const plain = unlockLines(state, dialog, width);
  const framed = why !== null && plain.length - 1 + rowsOf(why) <= height;
  const lines = framed ? unlockLines(state, { ...dialog, hint: null }, width) : plain;
  const parts = inserted(
    within(lines, width, height),
    framed ? [{ at: lines.length - 2, instead: 1, part: why }] : [],
  );
  return {
    title: 'Unlock',
    width,
    rows: parts.reduce((sum, part) => sum + rowsOf(part), 0),
    parts,
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
