import { sortColumns } from '../../domain/job/order.ts';
import { shortId } from '../../domain/job/reference.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { parseDuration } from '../../domain/time/duration.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { whyNoReport, writeReport } from '../dialogs/reader/reports.ts';
import { filtered, noTarget, present, targetOf } from '../model/present.ts';
import type { PaletteCommand } from '../model/state.ts';
import { findJob } from '../screens/find-job.ts';
import { quit } from '../screens/navigate.ts';
import {
  longestInterval,
  setInterval,
  shortestInterval,
  sortBy,
  sortName,
} from '../screens/settings.ts';
import { contextCommands } from './context-commands.ts';

const none = () => [];

export const paletteCommands: readonly PaletteCommand[] = [
  {
    name: 'job',
    argument: 'ID',
    title: 'open a job by the beginning of its id or by its asset',
    candidates: ({ jobs }) =>
      (jobs.list?.jobs ?? []).map(({ id, asset_name, state }) => ({
        value: shortId(id),
        title: `${safeText(asset_name, { cap: 100 })}, ${stateLabel(state).word}`,
      })),
    refusal: (_, argument) => (argument === '' ? 'type an id or an asset' : null),
    run: findJob,
  },
  {
    name: 'sort',
    argument: 'COLUMN',
    title: 'sort the job table; - before the column inverts the order',
    candidates: () =>
      sortColumns.map((column) => ({
        value: column,
        title: sortName({ column, descending: false }),
      })),
    refusal: ({ screen }, argument) => {
      if (screen !== 'jobs') return 'only the job table can be sorted';
      const column = argument.replace(/^-/, '');
      if (sortColumns.includes(column)) return null;
      const near = nearest(column, sortColumns);
      return `no column "${column}"${near === null ? '' : `: did you mean ${near}?`}`;
    },
    run: (state, argument) =>
      sortBy(state, { column: argument.replace(/^-/, ''), descending: argument.startsWith('-') }),
  },
  {
    name: 'filter',
    argument: 'TEXT',
    title: "filter the screen's rows, as / does",
    candidates: none,
    refusal: (state) => (present(state).filter === null ? 'this screen has no filter' : null),
    run: (state, argument) => [filtered(state, argument), []],
  },
  {
    name: 'interval',
    argument: 'TIME',
    title: 'set the refresh interval: 500ms, 2s, 1m',
    candidates: none,
    refusal: (_, argument) => {
      const ms = readInterval(argument);
      if (ms === null) return 'expected 250ms to 10m, e.g. 2s';
      return ms < shortestInterval || ms > longestInterval
        ? 'expected 250ms to 10m, e.g. 2s'
        : null;
    },
    run: (state, argument) => setInterval(state, readInterval(argument) ?? state.interval_ms),
  },
  ...contextCommands,
  {
    name: 'handoff',
    argument: null,
    title: 'write the hand-off report of the shift to a file; of 4 hours: handoff 4h',
    candidates: none,
    refusal: (state, argument) =>
      argument === '' || parseDuration(argument)
        ? whyNoReport(state)
        : 'expected a duration, e.g. 8h or 2d',
    run: (state, argument) =>
      writeReport(state, { type: 'handoff', since_ms: parseDuration(argument) }),
  },
  {
    name: 'export',
    argument: null,
    title: "write the job's incident report to a file",
    candidates: none,
    refusal: (state) => noTarget(state) ?? whyNoReport(state),
    run: (state) => {
      const target = targetOf(state);
      return target === null
        ? [state, []]
        : writeReport(state, { type: 'incident', id: target.job.id });
    },
  },
  {
    name: 'quit',
    argument: null,
    title: 'quit the console',
    candidates: none,
    refusal: () => null,
    run: quit,
  },
];

function readInterval(text: string): number | null {
  return parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
}
