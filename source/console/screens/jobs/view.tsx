import { memo, useMemo } from 'react';
import { useConsole } from '../../model/use-console.tsx';
import { Line } from '../../widgets/line.tsx';
import { Banner, Counts, Header, Hints, Info, Note } from '../bars.tsx';
import { Screen } from '../screen.tsx';
import {
  columnsInput,
  columnsOf,
  headsLine,
  type JobTable,
  jobTable,
  type TableRow,
  tableLine,
  withPane,
} from './rows.ts';

export function JobsView() {
  const table = useJobTable();
  const { layout, columns, rows } = table;
  return (
    <Screen
      top={
        <>
          {layout.header && <Header />}
          {layout.counts && <Counts />}
          {layout.banner && <Banner />}
          {layout.heads && <Heads table={table} />}
        </>
      }
      bottom={
        <>
          {layout.info && <Info />}
          {layout.note && <Note columns={columns} />}
          {layout.hints && <Hints />}
        </>
      }
    >
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: scrolling changes rows, it moves none
        <JobRow key={index} {...row} />
      ))}
    </Screen>
  );
}

function useJobTable(): JobTable {
  const state = useConsole();
  const input = columnsInput(state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the input is new, its parts are not
  const columns = useMemo(() => columnsOf(input), Object.values(input));
  return jobTable(state, columns);
}

function Heads({ table }: { table: JobTable }) {
  return <Line spans={headsLine(useConsole(), table)} />;
}

const JobRow = memo(function JobRow({ pane, ...row }: TableRow) {
  const parts = [pane !== null, ...Object.values(row)];
  // With each move of the cursor the pane changes, and of the table two rows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the row is new, its parts are not
  const table = useMemo(() => tableLine(row, pane !== null), parts);
  return <Line spans={withPane(table, pane, row)} />;
});
