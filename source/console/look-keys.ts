import { noBell, turnBell } from './bells.ts';
import { onLists, onScreens } from './binding.ts';
import { checkSql, readCheckSql } from './check-sql.ts';
import { copyId, copyRow, nothingUnder } from './copying.ts';
import { noEscalation, readEscalations } from './escalations.ts';
import { explainSelected } from './explain.ts';
import { noLog, openSelected, readLog, readSql } from './navigate.ts';
import { selectedItem } from './panels.ts';
import { filterText, noTarget, turnProblems } from './present.ts';
import { copyReader, nothingToCopy } from './reading.ts';
import { openRun } from './run.ts';
import { invertSort, notWide, scrollColumns, turnFreeze, turnSort, turnWide } from './settings.ts';
import type { Binding } from './state.ts';

/** Keys that look and never write. */
export const lookKeys: readonly Binding[] = [
  {
    keys: ['enter'],
    title: 'open: failures of one kind, a partition, an event, a related job',
    group: 'Look',
    on: ['job'],
    hint: 'open',
    disabled: ({ job }) => {
      if (job && selectedItem(job)) return null;
      return job?.detail === null ? 'still loading' : 'this panel is empty';
    },
    run: openSelected,
  },
  {
    keys: ['l'],
    title: 'log: output of the selected partition, live while it runs',
    group: 'Look',
    on: ['job'],
    hint: 'log',
    disabled: noLog,
    run: readLog,
  },
  {
    keys: ['s'],
    title: 'show the SQL of the screen: read or copy it, ready for psql',
    group: 'Look',
    on: ['job'],
    hint: 'SQL',
    run: readSql,
  },
  {
    keys: ['s'],
    title: 'show the SQL of the check: read or copy it',
    group: 'Look',
    on: ['triage', 'check'],
    hint: 'SQL',
    disabled: (state) => (checkSql(state) === null ? 'still loading' : null),
    run: readCheckSql,
  },
  {
    keys: ['E'],
    title: 'escalation: who to contact, when and why',
    group: 'Look',
    on: ['triage'],
    hint: 'escalation',
    disabled: noEscalation,
    run: readEscalations,
  },
  {
    keys: ['e'],
    title: "explain: the runbooks' decision tree for the selected job",
    group: 'Look',
    on: onScreens,
    hint: 'explain',
    disabled: noTarget,
    run: explainSelected,
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
    run: (state) => {
      const before = filterText(state);
      return [{ ...state, overlay: { type: 'filter', before, caret: before.length } }, []];
    },
  },
  {
    keys: ['!'],
    title: 'problems only: on or off',
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
    title: 'wide: all columns with scrolling, or as many as fit',
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
    title: 'freeze: stop refreshing, or go on',
    group: 'Look',
    on: onScreens,
    run: turnFreeze,
  },
  {
    keys: ['y'],
    title: "copy the row's id: of a job, an executor, an alert, a check",
    group: 'Look',
    on: onScreens,
    disabled: nothingUnder,
    run: copyId,
  },
  {
    keys: ['Y'],
    title: 'copy the row as JSON',
    group: 'Look',
    on: onScreens,
    disabled: nothingUnder,
    run: copyRow,
  },
  {
    keys: ['B'],
    title: 'results: of the last action on several jobs',
    group: 'Look',
    on: onScreens,
    disabled: ({ run }) => (run === null ? 'no action on several jobs has been started' : null),
    run: openRun,
  },
];
