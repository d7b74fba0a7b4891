import {
  actsOnMarks,
  askPlan,
  markAll,
  whyNoMarkAll,
  whyNotHere,
} from '../../dialogs/card/planning.ts';
import { openCard } from '../../dialogs/card/state.ts';
import { openRecommended, whyNoRecommended } from '../../dialogs/reader/explain.ts';
import { type ActionName, actionNames, actionOf } from '../../model/actions.ts';
import { inGroup, onScreens } from '../../model/binding.ts';
import { selectedItem } from '../../model/panels.ts';
import { noTarget, targetOf } from '../../model/present.ts';
import type { Binding, State } from '../../model/state.ts';
import { clearMarks, noMarks, turnMark, turnRange } from '../../screens/jobs/marks.ts';

const act = inGroup('Act');

export const actKeys: readonly Binding[] = [
  act('enter', 'recommended action: opens its dialog', ['reader'], openRecommended, {
    disabled: whyNoRecommended,
  }),
  act(
    'space',
    'mark or unmark the job: actions then apply to the marked jobs',
    ['jobs'],
    turnMark,
    { disabled: noTarget },
  ),
  act('v', 'mark a range: moving marks jobs, the same key ends it', ['jobs'], turnRange, {
    disabled: noTarget,
  }),
  act('*', 'mark all jobs that match the filter, on the screen or not', ['jobs'], markAll, {
    disabled: whyNoMarkAll,
  }),
  act('U', 'clear the marks', ['jobs'], clearMarks, { disabled: noMarks }),
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
