import { applyWhatIf, whyNotApply } from './apply-what-if.ts';
import type { Binding } from './binding.ts';
import type { State, Step } from './state.ts';
import { noTarget } from './target.ts';
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

/** The keys of the calculator: they change what is supposed, and nothing in the database. */
export const riskKeys: readonly Binding[] = [
  {
    keys: ['a'],
    title: 'apply what is supposed: one card for all of it',
    group: 'Act',
    on: ['risk'],
    hint: 'apply',
    danger: true,
    disabled: whyNotApply,
    run: applyWhatIf,
  },
  whatIfKey(']', 'what if: one slot more', noSlots, (state) => turnSlots(state, 1), 'slots'),
  whatIfKey('[', 'what if: one slot less', noSlots, (state) => turnSlots(state, -1)),
  whatIfKey(
    '}',
    'what if: one more of its partitions at once',
    noTarget,
    (state) => turnParallel(state, 1),
    'parallel',
  ),
  whatIfKey('{', 'what if: one less of its partitions at once', noTarget, (state) =>
    turnParallel(state, -1),
  ),
  whatIfKey(
    ')',
    'what if: its deadline 15 minutes later',
    noDeadline,
    (state) => moveDeadline(state, 1),
    'deadline',
  ),
  whatIfKey('(', 'what if: its deadline 15 minutes earlier', noDeadline, (state) =>
    moveDeadline(state, -1),
  ),
  whatIfKey('P', 'what if: it were paused', noPause, turnPause, 'if paused'),
  whatIfKey('T', 'what if: its failed partitions were tried again', noFailures, turnRetry),
  whatIfKey('0', 'what if: forget all that is supposed', noWhatIf, resetWhatIf, 'forget'),
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
