import { shortId } from '../../domain/job/reference.ts';
import type { RiskRow } from '../../domain/risk/board.ts';
import type { Outlook } from '../../domain/risk/outlook.ts';
import { later } from '../../domain/time/time.ts';
import { formatDrift, formatEtaRange } from '../job/eta-phrase.ts';
import { formatClockShort, type Zone } from '../text/format.ts';
import type { Item } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { absent, type Column, column, longest, type Table } from '../text/table.ts';
import type { Phrase } from '../text/tone.ts';
import { widthOf } from '../text/width.ts';
import {
  bufferPhrase,
  movedPhrase,
  severityFigure,
  severityPhrase,
  whatIfText,
} from './risk-text.ts';

type Risky = Item<RiskRow>;

export const riskTable: Table<Risky> = {
  columns: [
    column(
      'job',
      'JOB',
      longest(({ row }: Risky) => safeText(row.asset_name), 60),
      ({ row }) => plain(safeText(row.asset_name)),
      { gap: 1 },
    ),
    column('id', 'ID', 8, ({ row }) => ({ forms: [shortId(row.id)], tone: 'dim' })),
    column('eta', 'ETA', 8, ({ row }, { as_of, zone }) =>
      row.eta_seconds === null ? absent : clock(etaAt(row.eta_seconds, as_of), as_of, zone),
    ),
    column('range', 'RANGE', longest(rangeRoom, 20), ({ row }, { as_of, zone }) => {
      const range = formatEtaRange(row, as_of, zone);
      const short = formatEtaRange(row, as_of, zone, formatClockShort);
      const drift = formatDrift(row);
      const parts = [`${range} ${drift}`, `${short} ${drift}`, drift, range, short];
      if (short !== '') parts.push(`to ${short.split('–').at(-1)}`);
      const forms = new Set(parts.map((text) => text.trim()).filter(Boolean));
      const [first, ...others] = forms;
      return first === undefined ? absent : { forms: [first, ...others], tone: 'dim', whole: true };
    }),
    column('deadline', 'DEADLINE', 8, ({ row }, { as_of, zone }) =>
      row.sla_deadline_at === null ? absent : clock(row.sla_deadline_at, as_of, zone),
    ),
    column('severity', 'SEVERITY', 24, ({ row }, { as_of }) =>
      severityPhrase(row, row.state, as_of),
    ),
    column('figure', '(ETA−D)/(D−NOW)', 20, ({ row }, { as_of }) => ({
      forms: [severityFigure(row, row, as_of)],
      tone: 'dim',
    })),
    column('tier', 'TIER BUFFER', 22, ({ row }) => bufferPhrase(row)),
    column('slots', 'SLOTS', 5, ({ row }) =>
      row.running_slots > 0 ? plain(String(row.running_slots)) : absent,
    ),
    whatIfColumn(
      'what-if',
      'WHAT IF',
      () => 32,
      ({ row }, { as_of, zone }) => thenPhrase(row, as_of, zone),
    ),
    whatIfColumn(
      'what-if-figure',
      '',
      () => 15,
      ({ row }, { as_of }) => ({
        forms: [
          row.what_if === null || isSame(row, row.what_if)
            ? ''
            : severityFigure(row, row.what_if, as_of),
        ],
        tone: 'dim',
      }),
    ),
    whatIfColumn(
      'moved',
      'MOVED',
      () => 6,
      ({ row }) => movedPhrase(row),
    ),
    whatIfColumn(
      'by',
      'BY',
      longest(({ row }: Risky) => whatIfText(row), 40),
      ({ row }) => ({
        forms: [whatIfText(row)],
        tone: 'accent',
      }),
    ),
  ],
  narrowings: [
    { column: 'id', to: 0 },
    { column: 'job', to: 28, elastic: true },
    { column: 'tier', to: 14 },
    { column: 'what-if-figure', to: 0 },
    { column: 'tier', to: 0 },
    { column: 'slots', to: 0 },
    { column: 'range', to: 0 },
    { column: 'by', to: 14 },
    { column: 'job', to: 16, elastic: true },
    { column: 'by', to: 0 },
    { column: 'severity', to: 16 },
    { column: 'severity', to: 9 },
    { column: 'figure', to: 14 },
    { column: 'what-if', to: 18 },
    { column: 'moved', to: 0 },
    { column: 'figure', to: 0 },
    { column: 'job', to: 8, elastic: true },
    { column: 'deadline', to: 0 },
    { column: 'eta', to: 0 },
    { column: 'what-if', to: 0 },
    { column: 'severity', to: 8 },
    { column: 'job', to: 1, elastic: true },
    { column: 'severity', to: 0 },
  ],
  expansions: [['job', 28], ['severity'], ['what-if'], ['by'], ['figure'], ['job']],
};

/** Placeholder as wide as `06:03–06:39 ↗36m`. */
function rangeRoom({ row }: Risky): string {
  const range = row.state === 'running' && row.eta_low_seconds !== null ? '00:00–00:00' : '';
  return `${range} ${formatDrift(row)}`.trim();
}

/** A column of a what-if, absent without one. */
function whatIfColumn(
  name: string,
  title: string,
  width: (rows: readonly Risky[]) => number,
  phrase: Column<Risky>['phrase'],
): Column<Risky> {
  const laid = column<Risky>(name, title, width, phrase);
  const natural = (rows: readonly Risky[]) =>
    rows.some(({ row }) => row.what_if !== null) ? Math.max(widthOf(title), width(rows)) : 0;
  return { ...laid, width: natural };
}

/** The what-if makes no difference to the job. */
function isSame(row: RiskRow, then: Outlook): boolean {
  return (
    !then.paused &&
    Math.abs((then.eta_seconds ?? -1) - (row.eta_seconds ?? -1)) < 1 &&
    then.risk_level === row.risk_level &&
    then.sla_deadline_at?.getTime() === row.sla_deadline_at?.getTime()
  );
}

/** `→ 15:46 late by 8m (low 9%)`; `=`: unchanged. */
function thenPhrase(row: RiskRow, asOf: Date, zone: Zone): Phrase {
  const { what_if, state } = row;
  if (what_if === null) return plain('');
  if (isSame(row, what_if)) return { forms: ['='], tone: 'dim' };
  const { forms, tone } = severityPhrase(what_if, state, asOf);
  const seconds = what_if.eta_seconds;
  const at = seconds === null ? '→' : `→ ${formatClockShort(etaAt(seconds, asOf), asOf, zone)}`;
  if (what_if.risk_level === 'none')
    return { forms: [seconds === null ? '→ –' : at], tone: 'dim', whole: true };
  const [whole, ...shorter] = forms.map((form) => `${at} ${form}`);
  return { forms: [whole!, ...shorter, `→ ${forms.at(-1)}`], tone };
}

function etaAt(seconds: number, asOf: Date): Date {
  return later(asOf, seconds * 1000);
}

function clock(at: Date, asOf: Date, zone: Zone): Phrase {
  return { forms: [formatClockShort(at, asOf, zone)], tone: 'plain', whole: true };
}

function plain(text: string): Phrase {
  return { forms: [text], tone: 'plain' };
}
