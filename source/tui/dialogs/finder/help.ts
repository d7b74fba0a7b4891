import { type HelpEntry, helpEntries } from '../../../console/help.ts';
import { keyName } from '../../../console/key-names.ts';
import type { Help } from '../../../console/overlay.ts';
import { fitted } from '../../../presentation/text/fitted.ts';
import { fieldText } from '../../field-text.ts';
import { type Line, span } from '../../spans.ts';
import type { DialogProps } from '../dialog.ts';
import { type FinderContents, finderContents } from './list.ts';

/** With less room: one key per row, and no groups. */
const narrow = 60;

export function helpContents({
  state,
  overlay: help,
  width,
  height,
}: DialogProps<Help>): FinderContents {
  const typed = { value: help.filter, caret: help.caret };
  const entries = helpEntries(state, help);
  const groupOf = (index: number) => entries[index]?.binding.group;
  const row = (index: number, first: boolean): Line => {
    const entry = entries[index]!;
    const keys = entry.binding.keys.map(keyName);
    const group = !first && groupOf(index - 1) === groupOf(index) ? '' : groupOf(index)!;
    const tone = entry.reason === null ? 'accent' : 'dim';
    return width < narrow
      ? [span(fitted(keys[0]!, 7), tone), ...meaning(entry)]
      : [span(fitted(group, 9), 'dim'), span(fitted(keys.join(' '), 20), tone), ...meaning(entry)];
  };
  return finderContents(
    {
      title: 'Keys',
      field: [span('Search: ', 'dim'), ...fieldText(typed, width - 8)],
      length: entries.length,
      cursor: help.cursor,
      row,
      nothing: 'no matching key',
    },
    width,
    height,
  );
}

/** The reason why a key does nothing replaces its description. */
function meaning({ binding: { title }, reason }: HelpEntry): Line {
  return reason === null
    ? [span(title)]
    : [span(title.split(':')[0]!, 'dim'), span(` (${reason})`, 'warn')];
}
