import { type ActionName, actionNames, actionOf } from './actions.ts';
import { onScreens } from './binding.ts';
import { openCard } from './card.ts';
import { openRecommended, whyNoRecommended } from './explain.ts';
import { clearMarks, noMarks, turnMark, turnRange } from './marks.ts';
import { selectedItem } from './panels.ts';
import { actsOnMarks, askPlan, markAll, whyNoMarkAll, whyNotHere } from './planning.ts';
import { noTarget, targetOf } from './present.ts';
import type { Binding, State } from './state.ts';

/** Keys that mark jobs and open action dialogs. Nothing is sent before a dialog is confirmed. */
export const actKeys: readonly Binding[] = [
  {
    keys: ['enter'],
    title: 'recommended action: opens its dialog',
    group: 'Act',
    on: ['reader'],
    disabled: whyNoRecommended,
    run: openRecommended,
  },
  {
    keys: ['space'],
    title: 'mark or unmark the job: actions then apply to the marked jobs',
    group: 'Act',
    on: ['jobs'],
    disabled: noTarget,
    run: turnMark,
  },
  {
    keys: ['v'],
    title: 'mark a range: moving marks jobs, the same key ends it',
    group: 'Act',
    on: ['jobs'],
    disabled: noTarget,
    run: turnRange,
  },
  {
    keys: ['*'],
    title: 'mark all jobs that match the filter, on the screen or not',
    group: 'Act',
    on: ['jobs'],
    disabled: whyNoMarkAll,
    run: markAll,
  },
  {
    keys: ['U'],
    title: 'clear the marks',
    group: 'Act',
    on: ['jobs'],
    disabled: noMarks,
    run: clearMarks,
  },
  ...actionNames.map(action),
];

/** The partition key of the selected failure; null on a line that stands for several. */
function selectedFailure({ screen, job }: State): string | null {
  if (screen !== 'job' || job === null || job.panel !== 'failed') return null;
  const item = selectedItem(job);
  if (item?.panel !== 'failed') return null;
  const single = item.group.count === 1 ? item.group.partitions[0] : undefined;
  return (item.partition ?? single)?.partition_key ?? null;
}

function action(name: ActionName): Binding {
  const { key, title, hint } = actionOf(name);
  return {
    keys: [key],
    title,
    group: 'Act',
    on: onScreens,
    hint,
    danger: true,
    disabled: (state) => whyNotHere(state, name),
    run: (state) => {
      if (actsOnMarks(state)) return askPlan(state, name);
      const target = targetOf(state);
      if (target === null) return [state, []];
      return openCard(state, name, target, {}, name === 'retry' ? selectedFailure(state) : null);
    },
  };
}
