import { keyOfRow } from '../../model/key-hints.ts';
import { screens } from '../../model/screens.ts';
import type { State } from '../../model/state.ts';
import { cut, type Line, lineWidth, span } from '../../widgets/spans.ts';

/** The screens by their keys. With little room only the present one keeps its name. */
export function tabsLine(state: State): Line {
  const width = state.size.columns - 1;
  const present = state.screen === 'check' ? 'triage' : state.screen;
  const check = state.screen === 'check' ? state.boards.check.data?.check.title : undefined;
  const path = check === undefined ? [] : [span(` › ${check}`, 'strong')];
  const tabs = (shown: (name: string) => 'name' | 'key' | null): Line => [
    ...screens.flatMap(({ name, title }): Line => {
      const key = keyOfRow(state, `go to ${title}`);
      if (name === present) return [{ text: ` ${key} ${title} `, tone: 'plain', inverse: true }];
      const how = shown(name);
      if (how === null) return [];
      const word = how === 'name' ? ` ${title} ` : ' ';
      return [span(` ${key}`, 'accent'), span(word, 'dim')];
    }),
    ...path,
  ];
  const forms = [tabs(() => 'name'), tabs(() => 'key'), tabs(() => null)];
  return cut(forms.find((line) => lineWidth(line) <= width) ?? forms.at(-1)!, width);
}
