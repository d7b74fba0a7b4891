import { fitted } from '../../../presentation/text/fitted.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import type { Palette } from '../../model/overlay.ts';
import { fieldText } from '../../widgets/field-spans.ts';
import { type Line, span } from '../../widgets/spans.ts';
import type { DialogProps } from '../dialog.ts';
import { finderContents } from './list.ts';
import { type PaletteEntry, paletteEntries } from './palette-entries.ts';

const narrow = 60;

export function paletteContents({ state, overlay: palette, width, height }: DialogProps<Palette>) {
  const typed = { value: palette.text, caret: palette.caret };
  const entries = paletteEntries(state, palette);
  return finderContents(
    {
      title: 'Palette',
      field: [span(': ', 'accent'), ...fieldText(typed, width - 2)],
      length: entries.length,
      cursor: palette.cursor,
      row: (index) => entryLine(entries[index]!, width),
      nothing: 'no matching command',
    },
    width,
    height,
  );
}

function entryLine({ label, title, key, reason }: PaletteEntry, width: number): Line {
  const off = reason !== null;
  const name = fitted(safeText(label, { cap: 200 }), width < narrow ? 20 : 30);
  return [
    span(`${name} `, off ? 'dim' : 'plain'),
    ...(key === '' ? [] : [span(`${fitted(key, 14)} `, off ? 'dim' : 'accent')]),
    off ? span(`(${reason})`, 'warn') : span(title, 'dim'),
  ];
}
