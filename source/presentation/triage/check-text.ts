import {
  type Cell,
  type CheckColumn,
  type CheckSummary,
  figureKinds,
  type Remedy,
  type Section,
  type Worst,
} from '../../domain/triage/checks.ts';
import { stateLabel } from '../job/state-label.ts';
import type { Fit } from '../text/fitted-table.ts';
import {
  formatAge,
  formatDuration,
  formatFullCount,
  formatMilliseconds,
  formatMoment,
  formatShare,
  momentForms,
  type Zone,
} from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import type { Phrase } from '../text/tone.ts';

const says: Readonly<Record<CheckColumn['kind'], (cell: NonNullable<Cell>) => string>> = {
  text: (cell) => safeText(String(cell), { cap: 300 }),
  state: (cell) => stateLabel(String(cell)).word,
  count: (cell) => formatFullCount(Number(cell)),
  seconds: (cell) => signed(Number(cell), ageText),
  // As the list says it.
  duration: (cell) => signed(Number(cell), (seconds) => formatDuration(Math.max(1, seconds))),
  milliseconds: (cell) => formatMilliseconds(Number(cell)),
  ratio: (cell) => formatShare(Number(cell)),
  time: String,
};

function signed(seconds: number, say: (seconds: number) => string): string {
  return (seconds < 0 ? '-' : '') + say(Math.abs(seconds));
}

function ageText(seconds: number): string {
  return seconds < 60 ? formatAge(seconds) : formatDuration(seconds);
}

/** A check's figure by its column's kind. */
export function checkCell(
  column: CheckColumn,
  cell: Cell | undefined,
  { as_of, zone }: { as_of: Date; zone: Zone },
): string {
  if (cell === null || cell === undefined) return '–';
  if (column.kind === 'time') return formatMoment(new Date(cell as Date), as_of, zone);
  return says[column.kind](cell);
}

/** Its forms, the longest first; a time is shown whole or not at all. */
export function checkForms(
  column: CheckColumn,
  cell: Cell | undefined,
  { as_of, zone }: { as_of: Date; zone: Zone },
): Pick<Phrase, 'forms' | 'whole'> {
  if (column.kind !== 'time' || cell === null || cell === undefined)
    return { forms: [checkCell(column, cell, { as_of, zone })] };
  return { forms: momentForms(new Date(cell as Date), as_of, zone), whole: true };
}

/** How a column of a check is fitted into a table of text. */
export function fitOf(column: CheckColumn): Fit {
  if (isFigure(column)) return 'right';
  return column.kind === 'time' ? 'whole' : 'left';
}

export function isFigure({ kind }: CheckColumn): boolean {
  return figureKinds.includes(kind);
}

/** `3`, or `200+` if there are more. */
export function foundText({ found, truncated }: Pick<CheckSummary, 'found' | 'truncated'>): string {
  return `${formatFullCount(found)}${truncated ? '+' : ''}`;
}

/** `sessions, 14m` */
export function worstText(worst: Worst | null, asOf: Date, zone: Zone): string {
  if (worst === null) return '';
  const figure = checkCell(worst.column, worst.value, { as_of: asOf, zone });
  const name = safeText(worst.asset_name, { cap: 300 });
  return [name, figure].filter((part) => part !== '' && part !== '–').join(', ');
}

/** `backfill-operations, "Bulk Recovery"` */
export function sectionText({ runbook, heading }: Section): string {
  return `${runbook}, "${heading}"`;
}

export function commandFor(remedy: Remedy, shortId: string): string | null {
  return remedy.command === null ? null : remedy.command.replace('JOB', shortId);
}
