import { keyFor } from '../console/key-hints.ts';
import type { Unlock } from '../console/overlay.ts';
import type { State } from '../console/state.ts';
import { missingWord } from '../console/unlock.ts';
import { wrap } from '../presentation/text/fitted.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { signOf } from '../presentation/text/tone.ts';
import { type Line, span } from './widgets/spans.ts';
import { fieldText, unfocusedText } from './widgets/text-field.ts';

export function unlockLines(state: State, dialog: Unlock, width: number): Line[] {
  const { context, database, tenant } = state.options.labels;
  const name = safeText(`${context ?? database} / ${tenant}`);
  const text = `${name} is read-only. Unlocking allows actions for 10 minutes, or until ${keyFor(state, 'palette')} ro, through its write_url.`;
  const button = (focus: Unlock['focus'], label: string) =>
    dialog.focus === focus
      ? { text: `[ ${label} ]`, tone: 'plain' as const, inverse: true }
      : span(`[ ${label} ]`, focus === 'confirm' && missingWord(dialog) !== null ? 'dim' : 'plain');
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
      button('cancel', 'Stay read-only'),
      span('   '),
      button('confirm', 'Unlock'),
      span(
        dialog.hint === null ? '  (Tab to it, then y)' : `  ${signOf('warn')}${dialog.hint}`,
        dialog.hint === null ? 'dim' : 'warn',
      ),
    ],
  ];
}
