import type { State } from '../../model/state.ts';
import type { Line } from '../../widgets/spans.ts';
import { hintsLine, infoLine, noteLine } from '../footer.ts';
import { bannerLine, countsLine, headerLine } from '../header.ts';
import { columnsInput, columnsOf, headsLine, jobTable, rowLine } from './rows.ts';

export type Picture = { top: readonly Line[]; body: readonly Line[]; bottom: readonly Line[] };

/** The screen as `<JobsView>` draws it, for the first frames: Ink is not loaded yet. */
export function jobsPicture(state: State): Picture {
  const columns = columnsOf(columnsInput(state));
  const table = jobTable(state, columns);
  const { layout, rows } = table;
  return {
    top: [
      ...(layout.header ? [headerLine(state)] : []),
      ...(layout.counts ? [countsLine(state)] : []),
      ...(layout.banner ? [bannerLine(state)] : []),
      ...(layout.heads ? [headsLine(state, table)] : []),
    ],
    body: rows.map(rowLine),
    bottom: [
      ...(layout.info ? [infoLine(state)] : []),
      ...(layout.note ? [noteLine(state, columns)] : []),
      ...(layout.hints ? [hintsLine(state)] : []),
    ],
  };
}
