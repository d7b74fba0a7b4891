import { inGroup } from '../../model/binding.ts';
import { noTarget } from '../../model/present.ts';
import type { Binding } from '../../model/state.ts';
import { applyRemedy, applyWhatIf, whyNoRemedy, whyNotApply } from './apply-what-if.ts';
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
  turnPriority,
  turnRetry,
  turnSlots,
} from './what-if.ts';

const act = inGroup('Act');
const look = inGroup('Look');
const onRisk = ['risk'] as const;

export const riskKeys: readonly Binding[] = [
  act('a', 'apply the what-if changes: one dialog for all', onRisk, applyWhatIf, {
    hint: 'apply',
    danger: true,
    disabled: whyNotApply,
  }),
  act('A', 'apply the remedy: the changes that bring the selected job in', onRisk, applyRemedy, {
    hint: 'remedy',
    danger: true,
    disabled: whyNoRemedy,
  }),
  look(']', 'what if: one more slot', onRisk, (state) => turnSlots(state, 1), {
    hint: 'slots',
    disabled: noSlots,
  }),
  look('[', 'what if: one slot fewer', onRisk, (state) => turnSlots(state, -1), {
    disabled: noSlots,
  }),
  look(
    '}',
    'what if: max parallel of the job plus one',
    onRisk,
    (state) => turnParallel(state, 1),
    {
      hint: 'parallel',
      disabled: noTarget,
    },
  ),
  look(
    '{',
    'what if: max parallel of the job minus one',
    onRisk,
    (state) => turnParallel(state, -1),
    {
      disabled: noTarget,
    },
  ),
  look('>', 'what if: priority of the job plus one', onRisk, (state) => turnPriority(state, 1), {
    hint: 'priority',
    disabled: noTarget,
  }),
  look('<', 'what if: priority of the job minus one', onRisk, (state) => turnPriority(state, -1), {
    disabled: noTarget,
  }),
  look(')', 'what if: deadline 15 minutes later', onRisk, (state) => moveDeadline(state, 1), {
    hint: 'deadline',
    disabled: noDeadline,
  }),
  look('(', 'what if: deadline 15 minutes earlier', onRisk, (state) => moveDeadline(state, -1), {
    disabled: noDeadline,
  }),
  look('P', 'what if: the job paused, or resumed', onRisk, turnPause, {
    hint: 'if paused',
    disabled: noPause,
  }),
  look('T', 'what if: failed partitions retried', onRisk, turnRetry, { disabled: noFailures }),
  look('0', 'what if: reset all changes', onRisk, resetWhatIf, {
    hint: 'reset',
    disabled: noWhatIf,
  }),
];
