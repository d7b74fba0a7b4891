import { noBell, turnBell } from './bells.ts';
import { type Binding, onLists, onScreens } from './binding.ts';
import { checkSql, readCheckSql } from './check-sql.ts';
import { copyId, copyRow, nothingUnder } from './copying.ts';
import { noEscalation, readEscalations } from './escalations.ts';
import { explainSelected } from './explain.ts';
import { filterText, turnProblems } from './filter.ts';
import { noLog, openSelected, readLog, readSql } from './navigate.ts';
import { selectedItem } from './panels.ts';
import { copyReader, nothingToCopy } from './reading.ts';
import { openRun } from './run.ts';
import { invertSort, notWide, scrollColumns, turnFreeze, turnSort, turnWide } from './settings.ts';
import { noTarget } from './target.ts';

/** What is looked at, and how: nothing is written by these. */
export const lookKeys: readonly Binding[] = [
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
    title: 'the SQL behind the screen, ready for psql: to be read and copied',
    group: 'Look',
    on: ['job'],
    hint: 'SQL',
    run: readSql,
  },
  {
    keys: ['s'],
    title: "the check's SQL, as it is run: to be read and copied",
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
    title: 'the run of an action on several jobs: what became of each',
    group: 'Look',
    on: onScreens,
    disabled: ({ run }) => (run === null ? 'no action on several jobs has been begun' : null),
    run: openRun,
  },
];
