import { helpEntries } from '../console/help.ts';
import { keyName } from '../console/key-names.ts';
import type { Help } from '../console/overlay.ts';
import type { State } from '../console/state.ts';
import { fitted } from '../presentation/text/fitted.ts';
import { cut, exactly, type Line, selected, span } from './widgets/spans.ts';
import { fieldText } from './widgets/text-field.ts';

/** With less room: one key per row, and no groups. */
const narrow = 60;

export function helpLines(state: State, help: Help, width: number, height: number): Line[] {
  const typed = { value: help.filter, caret: help.caret };
  const field: Line = [span('Search: ', 'dim'), ...fieldText(typed, width - 8)];
  const entries = helpEntries(state, help);
  if (entries.length === 0) return exactly([field, [], [span('no matching key', 'dim')]], height);
  const rows = Math.max(1, height - 2);
  const first = Math.max(0, Math.min(help.cursor - Math.floor(rows / 2), entries.length - rows));
  const lines = entries.slice(first, first + rows).map(({ binding, reason }, row) => {
    const before = entries[first + row - 1];
    const group = before?.binding.group === binding.group && row > 0 ? '' : binding.group;
    const names = binding.keys.map(keyName);
    const tone = reason === null ? 'accent' : 'dim';
    const line: Line = [
      ...(width < narrow
        ? [span(fitted(names[0]!, 7), tone)]
        : [span(fitted(group, 9), 'dim'), span(fitted(names.join(' '), 20), tone)]),
      // The reason why a key does nothing replaces its description.
      span(
        reason === null ? binding.title : binding.title.split(':')[0]!,
        reason === null ? 'plain' : 'dim',
      ),
      span(reason === null ? '' : ` (${reason})`, 'warn'),
    ];
    return first + row === help.cursor ? selected(line, width) : cut(line, width);
  });
  return exactly([field, [], ...lines], height);
}
