import { everywhere, inGroup, onJobLists, onScreens } from './binding.ts';
import type { Motion } from './list.ts';
import { goBack, showCheck, showJob, showScreen, turnPanel } from './navigate.ts';
import { noTarget } from './present.ts';
import { move as moved } from './screen-table.ts';
import { screens } from './screens.ts';
import type { Binding } from './state.ts';

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
