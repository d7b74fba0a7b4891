import { type Binding, everywhere, onScreens } from './binding.ts';
import { keyFor } from './key-hints.ts';
import { refreshNow } from './loading.ts';
import { backOrQuit } from './navigate.ts';
import { turnInterval } from './settings.ts';

/** The program itself. */
export const programKeys: readonly Binding[] = [
  {
    keys: [':'],
    title: 'palette: everything by its name',
    group: 'Program',
    on: onScreens,
    hint: 'palette',
    run: (state) => [{ ...state, overlay: { type: 'palette', text: '', caret: 0, cursor: 0 } }, []],
  },
  {
    keys: ['?'],
    title: 'this help: type to search, Enter runs an entry',
    group: 'Program',
    on: onScreens,
    hint: 'help',
    run: (state) => [{ ...state, overlay: { type: 'help', filter: '', caret: 0, cursor: 0 } }, []],
  },
  {
    keys: ['+'],
    title: 'refresh less often',
    group: 'Program',
    on: onScreens,
    run: (state) => turnInterval(state, 1),
  },
  {
    keys: ['-'],
    title: 'refresh more often',
    group: 'Program',
    on: onScreens,
    run: (state) => turnInterval(state, -1),
  },
  {
    keys: ['ctrl-r'],
    title: 'refresh now',
    group: 'Program',
    on: onScreens,
    disabled: (state) =>
      state.frozen_at === null
        ? null
        : `the data is frozen: ${keyFor(state, 'freeze')} lets it move`,
    run: refreshNow,
  },
  {
    keys: ['q'],
    title: 'back; from the job table: quit',
    group: 'Program',
    on: everywhere,
    hint: 'quit',
    run: backOrQuit,
  },
  {
    keys: ['ctrl-l'],
    title: 'repaint the screen',
    group: 'Program',
    on: everywhere,
    always: true,
    run: (state) => [state, [{ type: 'repaint' }]],
  },
  {
    keys: ['ctrl-z'],
    title: 'suspend (fg brings it back)',
    group: 'Program',
    on: everywhere,
    always: true,
    run: (state) => [state, [{ type: 'suspend' }]],
  },
  {
    keys: ['ctrl-c'],
    title: 'quit at once',
    group: 'Program',
    on: everywhere,
    always: true,
    run: (state) => [state, [{ type: 'exit', code: 130 }]],
  },
];
