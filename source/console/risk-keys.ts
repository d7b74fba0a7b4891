import { applyWhatIf, whyNotApply } from './apply-what-if.ts';
import { noTarget } from './present.ts';
import type { Binding, State, Step } from './state.ts';
import {
  moveDeadline,
  noDeadline,
  noFailures,
  noPause,
  noSlots,
  noWhatIf,
  resetWhatIf,
  turnParallel,
  turnPause,
  turnRetry,
  turnSlots,
} from './what-if.ts';

/** Keys of the what-if: they change nothing in the database. */
export const riskKeys: readonly Binding[] = [
  {
    keys: ['a'],
    title: 'apply the what-if changes: one dialog for all',
    group: 'Act',
    on: ['risk'],
    hint: 'apply',
    danger: true,
    disabled: whyNotApply,
    run: applyWhatIf,
  },
  whatIfKey(']', 'what if: one more slot', noSlots, (state) => turnSlots(state, 1), 'slots'),
  whatIfKey('[', 'what if: one slot fewer', noSlots, (state) => turnSlots(state, -1)),
  whatIfKey(
    '}',
    'what if: max parallel of the job plus one',
    noTarget,
    (state) => turnParallel(state, 1),
    'parallel',
  ),
  whatIfKey('{', 'what if: max parallel of the job minus one', noTarget, (state) =>
    turnParallel(state, -1),
  ),
  whatIfKey(
    ')',
    'what if: deadline 15 minutes later',
    noDeadline,
    (state) => moveDeadline(state, 1),
    'deadline',
  ),
  whatIfKey('(', 'what if: deadline 15 minutes earlier', noDeadline, (state) =>
    moveDeadline(state, -1),
  ),
  whatIfKey('P', 'what if: the job paused', noPause, turnPause, 'if paused'),
  whatIfKey('T', 'what if: failed partitions retried', noFailures, turnRetry),
  whatIfKey('0', 'what if: reset all changes', noWhatIf, resetWhatIf, 'reset'),
];

function whatIfKey(
  key: string,
  title: string,
  disabled: (state: State) => string | null,
  run: (state: State) => Step,
  hint?: string,
): Binding {
  return {
    keys: [key],
    title,
    group: 'Look',
    on: ['risk'],
    ...(hint === undefined ? {} : { hint }),
    disabled,
    run,
  };
}
