import { everywhere, onJobLists, onScreens } from './binding.ts';
import type { Motion } from './list.ts';
import { goBack, showCheck, showJob, showScreen, turnPanel } from './navigate.ts';
import { noTarget } from './present.ts';
import { move } from './screen-table.ts';
import { screens } from './screens.ts';
import type { Binding } from './state.ts';

export const moveKeys: readonly Binding[] = [
  motion(['down', 'j'], 'next row', 'down'),
  motion(['up', 'k'], 'previous row', 'up'),
  motion(['page-down', 'ctrl-f', 'ctrl-d'], 'a page down', 'page-down'),
  motion(['page-up', 'ctrl-b', 'ctrl-u'], 'a page up', 'page-up'),
  motion(['home', 'g'], 'first row', 'first'),
  motion(['end', 'G'], 'last row', 'last'),
  {
    keys: ['enter'],
    title: 'open the job',
    group: 'Move',
    on: onJobLists,
    hint: 'open',
    disabled: noTarget,
    run: showJob,
  },
  {
    keys: ['enter'],
    title: 'open the check: its findings, their meaning, what to do',
    group: 'Move',
    on: ['triage', 'alerts'],
    hint: 'open',
    run: showCheck,
  },
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
  {
    keys: ['tab', 'right'],
    title: 'next panel',
    group: 'Move',
    on: ['job'],
    hint: 'panel',
    run: (state) => turnPanel(state, 1),
  },
  {
    keys: ['shift-tab', 'left'],
    title: 'previous panel',
    group: 'Move',
    on: ['job'],
    run: (state) => turnPanel(state, -1),
  },
  {
    keys: ['escape'],
    title: 'back: close, clear the filter, previous screen',
    group: 'Move',
    on: everywhere,
    run: goBack,
  },
];

function motion(keys: Binding['keys'], title: string, name: Motion): Binding {
  return { keys, title, group: 'Move', on: everywhere, run: (state) => [move(state, name), []] };
}
