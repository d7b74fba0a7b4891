import { executorDetail, executorTable } from '../../../presentation/executor/table.ts';
import { eventDetail, eventTable } from '../../../presentation/report/event-table.ts';
import { riskTable } from '../../../presentation/risk/columns.ts';
import { riskDetail } from '../../../presentation/risk/detail.ts';
import type { Detail, Item } from '../../../presentation/text/item.ts';
import type { Table } from '../../../presentation/text/table.ts';
import { alertDetail, alertTable } from '../../../presentation/triage/alert-table.ts';
import {
  checkDetail,
  checkTable,
  triageDetail,
  triageTable,
} from '../../../presentation/triage/check-table.ts';
import type { BoardData, BoardName, BoardRow } from '../../model/boards.ts';

type Board<N extends BoardName> = {
  table: (data: BoardData[N] | null) => Table<Item<BoardRow[N]>>;
  detail: Detail<BoardRow[N], BoardData[N]>;
  empty: string;
};

export const boards: { [N in BoardName]: Board<N> } = {
  triage: {
    table: () => triageTable,
    detail: triageDetail,
    empty: 'no checks',
  },
  check: { table: checkTable, detail: checkDetail, empty: 'no findings' },
  risk: {
    table: () => riskTable,
    detail: riskDetail,
    empty: 'no unfinished job has a deadline. Set one: servo-tui set JOB --deadline T',
  },
  executors: {
    table: () => executorTable,
    detail: executorDetail,
    empty: 'no executor in the last hour. Start one: servo-tui --worker',
  },
  alerts: { table: () => alertTable, detail: alertDetail, empty: 'no alerts' },
  events: { table: () => eventTable, detail: eventDetail, empty: 'no events' },
};
