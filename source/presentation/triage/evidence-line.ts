import type { CheckColumn, FoundRow } from '../../domain/triage/checks.ts';
import type { Zone } from '../text/format.ts';
import { checkCell } from './check-text.ts';

const obvious: readonly string[] = ['asset_name', 'state'];

/** `progress 120/240 · heartbeat 14m · claimed by web-2:64`, without nulls. */
export function evidenceLine(
  columns: readonly CheckColumn[],
  row: FoundRow,
  context: { as_of: Date; zone: Zone },
): string {
  return columns
    .filter(({ name }) => !obvious.includes(name) && row.cells[name] !== null)
    .map((column) => `${column.title} ${checkCell(column, row.cells[column.name], context)}`)
    .join(' · ');
}
