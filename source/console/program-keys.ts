import { everywhere, onScreens } from './binding.ts';
import { keyFor } from './key-hints.ts';
import { refreshNow } from './loading.ts';
import { backOrQuit } from './navigate.ts';
import { turnInterval } from './settings.ts';
import type { Binding } from './state.ts';

export const programKeys: readonly Binding[] = [
  {
    keys: [':'],
    title: 'palette: all commands by name',
    group: 'Program',
    on: onScreens,
    hint: 'palette',
    run: (state) => [{ ...state, overlay: { type: 'palette', text: '', caret: 0, cursor: 0 } }, []],
  },
  {
    keys: ['?'],
    title: 'help: type to search, Enter runs an entry',
    group: 'Program',
    on: onScreens,
    hint: 'help',
    run: (state) => [{ ...state, overlay: { type: 'help', text: '', caret: 0, cursor: 0 } }, []],
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
        : `the data is frozen: ${keyFor(state, 'freeze')} unfreezes it`,
    run: refreshNow,
  },
  {
    keys: ['q'],
    title: 'quit: from the job table; elsewhere back',
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
    title: 'quit immediately',
    group: 'Program',
    on: everywhere,
    always: true,
    run: (state) => [state, [{ type: 'exit', code: 130 }]],
  },
];
