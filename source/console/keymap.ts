import { shortId } from '../domain/job-reference.ts';
import { type ActionName, actionNames, actionOf } from './actions.ts';
import { noBell, turnBell } from './bells.ts';
import {
  type Binding,
  type Context,
  everywhere,
  onJobLists,
  onLists,
  onScreens,
} from './binding.ts';
import { openCard } from './card.ts';
import { checkSql, readCheckSql } from './check-sql.ts';
import { noEscalation, readEscalations } from './escalating.ts';
import { explainSelected, noReady, openReady } from './explaining.ts';
import { filterText, turnProblems } from './filter.ts';
import { refreshNow } from './loading.ts';
import { clearMarks, noMarks, turnMark, turnRange } from './marks.ts';
import { type Motion, move } from './moves.ts';
import {
  backOrQuit,
  goBack,
  noLog,
  openSelected,
  readLog,
  readSql,
  showCheck,
  showJob,
  showScreen,
  turnPanel,
} from './navigate.ts';
import { noticed } from './notice.ts';
import { selectedItem } from './panels.ts';
import { actsOnMarks, askPlan, markAll, whyNoMarkAll, whyNotHere } from './planning.ts';
import { copyReader, nothingToCopy } from './reading.ts';
import { riskKeys } from './risk-keys.ts';
import { openRun } from './run.ts';
import { screens } from './screens.ts';
import {
  invertSort,
  notWide,
  scrollColumns,
  turnFreeze,
  turnInterval,
  turnSort,
  turnWide,
} from './settings.ts';
import type { State, Step } from './state.ts';
import { noTarget, type Target, targetOf } from './target.ts';

/** The one table of keys: a later row never hides an earlier one (a test sees to it). */
export const keymap: readonly Binding[] = [
  motion(['down', 'j'], 'next row', 'down'),
  motion(['up', 'k'], 'previous row', 'up'),
  motion(['page-down', 'ctrl-f', 'ctrl-d'], 'a page down', 'page-down'),
  motion(['page-up', 'ctrl-b', 'ctrl-u'], 'a page up', 'page-up'),
  motion(['home', 'g'], 'first row', 'first'),
  motion(['end', 'G'], 'last row', 'last'),
  {
    keys: ['enter'],
    title: 'open the job',
    group: 'Move',
    on: onJobLists,
    hint: 'open',
    disabled: noTarget,
    run: showJob,
  },
  {
    keys: ['enter'],
    title: 'open the check: what it finds, what that means, what to do',
    group: 'Move',
    on: ['triage', 'alerts'],
    hint: 'open',
    run: showCheck,
  },
  ...screens.map(
    ({ name, key, title }): Binding => ({
      keys: [key],
      title: `the screen ${title}`,
      group: 'Move',
      on: onScreens,
      ...(name === 'job' ? { disabled: noTarget } : {}),
      run: (state) => showScreen(state, name),
    }),
  ),
  {
    keys: ['tab', 'right'],
    title: 'next panel',
    group: 'Move',
    on: ['job'],
    hint: 'panel',
    run: (state) => turnPanel(state, 1),
  },
  {
    keys: ['shift-tab', 'left'],
    title: 'previous panel',
    group: 'Move',
    on: ['job'],
    run: (state) => turnPanel(state, -1),
  },
  {
    keys: ['escape'],
    title: 'back, close, or clear the filter',
    group: 'Move',
    on: everywhere,
    run: goBack,
  },
  {
    keys: ['enter'],
    title:
      'open it: a kind of failure unfolds, a partition is read in full, a related job is gone to',
    group: 'Look',
    on: ['job'],
    hint: 'open',
    disabled: ({ job }) => {
      if (job && selectedItem(job)) return null;
      return job?.detail === null ? 'still reading it' : 'this panel is empty';
    },
    run: openSelected,
  },
  {
    keys: ['l'],
    title: 'the log of the selected partition, as far as it is kept; of one that runs, what comes',
    group: 'Look',
    on: ['job'],
    hint: 'log',
    disabled: noLog,
    run: readLog,
  },
  {
    keys: ['s'],
    title: 'the SQL behind the screen, ready for psql: y copies it',
    group: 'Look',
    on: ['job'],
    hint: 'SQL',
    run: readSql,
  },
  {
    keys: ['s'],
    title: "the check's SQL, as it is run: y copies it",
    group: 'Look',
    on: ['triage', 'check'],
    hint: 'SQL',
    disabled: (state) => (checkSql(state) === null ? 'still reading it' : null),
    run: readCheckSql,
  },
  {
    keys: ['E'],
    title: 'escalation: who is to be told, when, and why',
    group: 'Look',
    on: ['triage'],
    hint: 'escalation',
    disabled: noEscalation,
    run: readEscalations,
  },
  {
    keys: ['e'],
    title: "explain: the runbooks' tree walked for the selected job",
    group: 'Look',
    on: onScreens,
    hint: 'explain',
    disabled: noTarget,
    run: explainSelected,
  },
  {
    keys: ['enter'],
    title: 'do what is recommended: opens its card',
    group: 'Act',
    on: ['reader'],
    disabled: noReady,
    run: openReady,
  },
  {
    keys: ['y'],
    title: 'copy the text',
    group: 'Look',
    on: ['reader'],
    disabled: nothingToCopy,
    run: copyReader,
  },
  {
    keys: ['/'],
    title:
      'filter: words, !not; jobs also by state:failed,paused asset:orders* risk:high priority:>=8 sla:none sla:later-than:JOB by:mara problems',
    group: 'Look',
    on: onLists,
    hint: 'filter',
    run: (state) => [{ ...state, overlay: { type: 'filter', before: filterText(state) } }, []],
  },
  {
    keys: ['!'],
    title: 'problems only, or all again',
    group: 'Look',
    on: ['jobs'],
    run: (state) => [turnProblems(state), []],
  },
  {
    keys: ['>'],
    title: 'sort by the next column',
    group: 'Look',
    on: ['jobs'],
    run: (state) => turnSort(state, 1),
  },
  {
    keys: ['<'],
    title: 'sort by the previous column',
    group: 'Look',
    on: ['jobs'],
    run: (state) => turnSort(state, -1),
  },
  { keys: ['I'], title: 'invert the order', group: 'Look', on: ['jobs'], run: invertSort },
  {
    keys: ['w'],
    title: 'wide: all columns, to be scrolled; or as many as fit',
    group: 'Look',
    on: ['jobs'],
    run: turnWide,
  },
  {
    keys: ['right'],
    title: 'scroll the columns to the right',
    group: 'Look',
    on: ['jobs'],
    disabled: notWide,
    run: (state) => scrollColumns(state, 1),
  },
  {
    keys: ['left'],
    title: 'scroll the columns to the left',
    group: 'Look',
    on: ['jobs'],
    disabled: notWide,
    run: (state) => scrollColumns(state, -1),
  },
  {
    keys: ['m'],
    title: "follow the job: the terminal's bell rings when its state or risk changes",
    group: 'Look',
    on: onScreens,
    disabled: noBell,
    run: turnBell,
  },
  {
    keys: ['Z'],
    title: 'freeze the data, or let it move again',
    group: 'Look',
    on: onScreens,
    run: turnFreeze,
  },
  copy(
    'y',
    "copy the job's id",
    ({ job }) => job.id,
    ({ job }) => `copied ${job.id}`,
  ),
  copy(
    'Y',
    'copy the job as JSON',
    ({ job }) => JSON.stringify(job, null, 2),
    ({ job }) => `copied ${shortId(job.id)} as JSON`,
  ),
  {
    keys: ['space'],
    title: 'mark the job, or take its mark away: actions are on what is marked',
    group: 'Act',
    on: ['jobs'],
    disabled: noTarget,
    run: turnMark,
  },
  {
    keys: ['v'],
    title: 'mark a range: moves mark what lies between, v ends it',
    group: 'Act',
    on: ['jobs'],
    disabled: noTarget,
    run: turnRange,
  },
  {
    keys: ['*'],
    title: 'mark all that match the filter now, also those that are not on the screen',
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
  {
    keys: ['B'],
    title: 'the run of an action on several jobs: what became of each',
    group: 'Look',
    on: onScreens,
    disabled: ({ run }) => (run === null ? 'no action on several jobs has been begun' : null),
    run: openRun,
  },
  ...riskKeys,
  ...actionNames.map(action),
  {
    keys: [':'],
    title: 'palette: everything by its name',
    group: 'Program',
    on: onScreens,
    hint: 'palette',
    run: (state) => [{ ...state, overlay: { type: 'palette', text: '', cursor: 0 } }, []],
  },
  {
    keys: ['?'],
    title: 'this help: type to search, Enter runs an entry',
    group: 'Program',
    on: onScreens,
    hint: 'help',
    run: (state) => [{ ...state, overlay: { type: 'help', filter: '', cursor: 0 } }, []],
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
    disabled: ({ frozen_at }) => (frozen_at === null ? null : 'the data is frozen: Z lets it move'),
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

export function contextOf(state: State): Context {
  return state.overlay?.type === 'reader' ? 'reader' : state.screen;
}

/** The keymap with the keys that the configuration gives it. */
export function keymapOf({ options }: State): readonly Binding[] {
  return options.keymap ?? keymap;
}

export function bindingFor(state: State, key: string): Binding | null {
  const context = contextOf(state);
  return keymapOf(state).find(({ keys, on }) => keys.includes(key) && on.includes(context)) ?? null;
}

/** Runs a binding, or says why it does nothing. */
export function runBinding(state: State, binding: Binding): Step {
  const reason = binding.disabled?.(state) ?? null;
  return reason === null ? binding.run(state) : noticed(state, reason, 'warn');
}

function motion(keys: Binding['keys'], title: string, name: Motion): Binding {
  return { keys, title, group: 'Move', on: everywhere, run: (state) => [move(state, name), []] };
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
      return target === null ? [state, []] : openCard(state, name, target);
    },
  };
}

function copy(
  key: string,
  title: string,
  text: (target: Target) => string,
  remark: (target: Target) => string,
): Binding {
  return {
    keys: [key],
    title,
    group: 'Look',
    on: onScreens,
    disabled: noTarget,
    run: (state) => {
      const target = targetOf(state);
      if (target === null) return [state, []];
      const [next, effects] = noticed(state, remark(target));
      return [next, [{ type: 'copy', text: text(target) }, ...effects]];
    },
  };
}
