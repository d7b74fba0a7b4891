import type { Palette } from '../console/overlay.ts';
import { paletteEntries } from '../console/palette.ts';
import type { State } from '../console/state.ts';
import { fitted } from '../presentation/text/fitted.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { cut, exactly, type Line, selected, span } from './widgets/spans.ts';
import { fieldText } from './widgets/text-field.ts';

const narrow = 60;

export function paletteLines(
  state: State,
  palette: Palette,
  width: number,
  height: number,
): Line[] {
  const typed = { value: palette.text, caret: palette.caret };
  const field: Line = [span(': ', 'accent'), ...fieldText(typed, width - 2)];
  const entries = paletteEntries(state, palette);
  if (entries.length === 0)
    return exactly([field, [], [span('no matching command', 'dim')]], height);
  const rows = Math.max(1, height - 2);
  const middle = palette.cursor - Math.floor(rows / 2);
  const first = Math.max(0, Math.min(middle, entries.length - rows));
  const lines = entries.slice(first, first + rows).map((entry, row) => {
    const off = entry.reason !== null;
    const name = fitted(safeText(entry.label, { cap: 200 }), width < narrow ? 20 : 30);
    const line: Line = [
      span(`${name} `, off ? 'dim' : 'plain'),
      ...(entry.key === '' ? [] : [span(`${fitted(entry.key, 14)} `, off ? 'dim' : 'accent')]),
      off ? span(`(${entry.reason})`, 'warn') : span(entry.title, 'dim'),
    ];
    return first + row === palette.cursor ? selected(line, width) : cut(line, width);
  });
  return exactly([field, [], ...lines], height);
}
