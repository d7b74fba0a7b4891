import { noBell, turnBell } from '../../background/bells.ts';
import { explainSelected } from '../../dialogs/reader/explain.ts';
import { copyReader, nothingToCopy } from '../../dialogs/reader/state.ts';
import { openRun } from '../../dialogs/run/state.ts';
import { inGroup, onLists, onScreens } from '../../model/binding.ts';
import { selectedItem } from '../../model/panels.ts';
import { filterText, noTarget, turnProblems } from '../../model/present.ts';
import type { Binding } from '../../model/state.ts';
import { checkSql, readCheckSql } from '../../screens/board/check-sql.ts';
import { noEscalation, readEscalations } from '../../screens/board/escalations.ts';
import { copyId, copyRow, nothingUnder } from '../../screens/copying.ts';
import { noLog, openSelected, readLog, readSql } from '../../screens/navigate.ts';
import {
  invertSort,
  notWide,
  scrollColumns,
  turnFreeze,
  turnSort,
  turnWide,
} from '../../screens/settings.ts';

const look = inGroup('Look');

export const lookKeys: readonly Binding[] = [
  look(
    'enter',
    'open: failures of one kind, a partition, an event, a related job',
    ['job'],
    openSelected,
    {
      hint: 'open',
      disabled: ({ job }) => {
        if (job && selectedItem(job)) return null;
        return job?.detail === null ? 'still loading' : 'this panel is empty';
      },
    },
  ),
  look('l', 'log: output of the selected partition, live while it runs', ['job'], readLog, {
    hint: 'log',
    disabled: noLog,
  }),
  look('s', 'show the SQL of the screen: read or copy it, ready for psql', ['job'], readSql, {
    hint: 'SQL',
  }),
  look('s', 'show the SQL of the check: read or copy it', ['triage', 'check'], readCheckSql, {
    hint: 'SQL',
    disabled: (state) => (checkSql(state) === null ? 'still loading' : null),
  }),
  look('E', 'escalation: who to contact, when and why', ['triage'], readEscalations, {
    hint: 'escalation',
    disabled: noEscalation,
  }),
  look(
    'e',
    "explain: the runbooks' decision tree for the selected job",
    onScreens,
    explainSelected,
    { hint: 'explain', disabled: noTarget },
  ),
  look('y', 'copy the text', ['reader'], copyReader, { disabled: nothingToCopy }),
  look(
    '/',
    'filter: words, !not; jobs also by state:failed,paused asset:orders* risk:high priority:>=8 sla:none sla:later-than:JOB by:mara problems',
    onLists,
    (state) => {
      const before = filterText(state);
      return [{ ...state, overlay: { type: 'filter', before, caret: before.length } }, []];
    },
    { hint: 'filter' },
  ),
  look('!', 'problems only: on or off', ['jobs'], (state) => [turnProblems(state), []]),
  look('>', 'sort by the next column', ['jobs'], (state) => turnSort(state, 1)),
  look('<', 'sort by the previous column', ['jobs'], (state) => turnSort(state, -1)),
  look('I', 'invert the order', ['jobs'], invertSort),
  look('w', 'wide: all columns with scrolling, or as many as fit', ['jobs'], turnWide),
  look('right', 'scroll the columns to the right', ['jobs'], (state) => scrollColumns(state, 1), {
    disabled: notWide,
  }),
  look('left', 'scroll the columns to the left', ['jobs'], (state) => scrollColumns(state, -1), {
    disabled: notWide,
  }),
  look(
    'm',
    "follow the job: the terminal's bell rings when its state or risk changes",
    onScreens,
    turnBell,
    { disabled: noBell },
  ),
  look('Z', 'freeze: stop refreshing, or go on', onScreens, turnFreeze),
  look('y', "copy the row's id: of a job, an executor, an alert, a check", onScreens, copyId, {
    disabled: nothingUnder,
  }),
  look('Y', 'copy the row as JSON', onScreens, copyRow, { disabled: nothingUnder }),
  look('B', 'results: of the last action on several jobs', onScreens, openRun, {
    disabled: ({ run }) => (run === null ? 'no action on several jobs has been started' : null),
  }),
];
