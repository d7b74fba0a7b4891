import { everywhere, inGroup, onJobLists, onScreens } from '../../model/binding.ts';
import { noTarget } from '../../model/present.ts';
import { screens } from '../../model/screens.ts';
import type { Binding } from '../../model/state.ts';
import { goBack, showCheck, showJob, showScreen, turnPanel } from '../../screens/navigate.ts';
import { move as moved } from '../../screens/table.ts';
import type { Motion } from '../../widgets/list.ts';

const move = inGroup('Move');

export const moveKeys: readonly Binding[] = [
  motion(['down', 'j'], 'next row', 'down'),
  motion(['up', 'k'], 'previous row', 'up'),
  motion(['page-down', 'ctrl-f', 'ctrl-d'], 'a page down', 'page-down'),
  motion(['page-up', 'ctrl-b', 'ctrl-u'], 'a page up', 'page-up'),
  motion(['home', 'g'], 'first row', 'first'),
  motion(['end', 'G'], 'last row', 'last'),
  move('enter', 'open the job', onJobLists, showJob, { hint: 'open', disabled: noTarget }),
  move(
    'enter',
    'open the check: its findings, their meaning, what to do',
    ['triage', 'alerts'],
    showCheck,
    { hint: 'open' },
  ),
  ...screens.map(
    ({ name, key, title }): Binding => ({
      keys: [key],
      title: `go to ${title}`,
      group: 'Move',
      on: onScreens,
      ...(name === 'job' ? { disabled: noTarget } : {}),
      run: (state) => showScreen(state, name),
    }),
  ),
  move(['tab', 'right'], 'next panel', ['job'], (state) => turnPanel(state, 1), { hint: 'panel' }),
  move(['shift-tab', 'left'], 'previous panel', ['job'], (state) => turnPanel(state, -1)),
  move('escape', 'back: close, clear the filter, previous screen', everywhere, goBack),
];

function motion(keys: Binding['keys'], title: string, name: Motion): Binding {
  return move(keys, title, everywhere, (state) => [moved(state, name), []]);
}
