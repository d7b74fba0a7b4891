import type { RemedyAction } from '../domain/triage.ts';
import { type ActionName, consoleActions } from './actions.ts';

/** Which action of the console carries out a remedy of the runbooks; the others are done elsewhere. */
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

/** The key that does it to the selected row's job. */
export const remedyKeys: Readonly<Partial<Record<RemedyAction, string>>> = Object.fromEntries(
  Object.entries(remedyActions).map(([remedy, name]) => [remedy, consoleActions[name].key]),
);
