import { everywhere, inGroup, onScreens } from '../../model/binding.ts';
import { keyFor } from '../../model/key-hints.ts';
import type { Binding } from '../../model/state.ts';
import { refreshNow } from '../../screens/loading.ts';
import { backOrQuit } from '../../screens/navigate.ts';
import { turnInterval } from '../../screens/settings.ts';

const program = inGroup('Program');

export const programKeys: readonly Binding[] = [
  program(
    ':',
    'palette: all commands by name',
    onScreens,
    (state) => [{ ...state, overlay: { type: 'palette', text: '', caret: 0, cursor: 0 } }, []],
    { hint: 'palette' },
  ),
  program(
    '?',
    'help: type to search, Enter runs an entry',
    onScreens,
    (state) => [{ ...state, overlay: { type: 'help', text: '', caret: 0, cursor: 0 } }, []],
    { hint: 'help' },
  ),
  program('+', 'refresh less often', onScreens, (state) => turnInterval(state, 1)),
  program('-', 'refresh more often', onScreens, (state) => turnInterval(state, -1)),
  program('ctrl-r', 'refresh now', onScreens, refreshNow, {
    disabled: (state) =>
      state.frozen_at === null
        ? null
        : `the data is frozen: ${keyFor(state, 'freeze')} unfreezes it`,
  }),
  program('q', 'quit: from the job table; elsewhere back', everywhere, backOrQuit, {
    hint: 'quit',
  }),
  program('ctrl-l', 'repaint the screen', everywhere, (state) => [state, [{ type: 'repaint' }]], {
    always: true,
  }),
  program(
    'ctrl-z',
    'suspend (fg brings it back)',
    everywhere,
    (state) => [state, [{ type: 'suspend' }]],
    { always: true },
  ),
  program(
    'ctrl-c',
    'quit immediately',
    everywhere,
    (state) => [state, [{ type: 'exit', code: 130 }]],
    { always: true },
  ),
];
