import type { RemedyAction } from '../../domain/triage/checks.ts';
import { type ActionName, actionOf } from './actions.ts';
import type { State } from './state.ts';

export const remedyActions: Readonly<Partial<Record<RemedyAction, ActionName>>> = {
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  reclaim: 'reclaim',
  retry: 'retry',
  recreate: 'recreate',
  'set-deadline': 'deadline',
  'set-priority': 'tune',
  'set-parallel': 'tune',
};

export function remedyKeys(state: State): Readonly<Partial<Record<RemedyAction, string>>> {
  const keyFor = (name: ActionName) => {
    const { title, key } = actionOf(name);
    return state.options.keymap.find((binding) => binding.title === title)?.keys[0] ?? key;
  };
  return Object.fromEntries(
    Object.entries(remedyActions).map(([remedy, name]) => [remedy, keyFor(name)]),
  );
}
