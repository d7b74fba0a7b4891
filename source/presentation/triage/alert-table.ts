import { shortId } from '../../domain/job/reference.ts';
import type { Alert } from '../../domain/triage/alerts.ts';
import { secondsBetween } from '../job/eta-phrase.ts';
import { formatAge, type Zone } from '../text/format.ts';
import type { Detail, Item } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { absent, column, longest, type Table } from '../text/table.ts';
import type { Cell, Phrase, Tone } from '../text/tone.ts';
import { figureText, isComing, limitText, thresholdText } from './alert-text.ts';
import { checkCell, foundText, sectionText } from './check-text.ts';

type Row = Item<Alert>;

const toneOf = ({ firing, severity }: Alert): Tone => {
  if (!firing) return 'dim';
  return severity === 'critical' ? 'bad' : 'warn';
};

const stateForms = (row: Alert): Phrase['forms'] => {
  if (row.firing) return ['▲ firing', '▲'];
  return isComing(row) ? ['◌ coming', '◌'] : ['· ok', '·'];
};

export const alertTable: Table<Row> = {
  columns: [
    column(
      'state',
      'STATE',
      8,
      ({ row }) => ({
        forms: stateForms(row),
        tone: toneOf(row),
      }),
      { gap: 1 },
    ),
    column(
      'alert',
      'ALERT',
      longest(({ row }: Row) => row.name, 40),
      ({ row }) => ({
        forms: [row.name, row.name.replace('ServoBackfill', '')],
        tone: row.firing ? 'plain' : 'dim',
      }),
    ),
    column('severity', 'SEVERITY', 8, ({ row }) => ({ forms: [row.severity], tone: toneOf(row) })),
    column(
      'figure',
      'FIGURE',
      7,
      ({ row }, { as_of, zone }) => ({
        forms: [figureText(row.figure, as_of, zone)],
        tone: toneOf(row),
      }),
      { align: 'right' },
    ),
    column(
      'limit',
      'LIMIT',
      10,
      ({ row }, { as_of, zone }) => ({
        forms: [thresholdText(row, as_of, zone), limitText(row, as_of, zone)],
        tone: 'dim',
      }),
      { align: 'right' },
    ),
    column(
      'found',
      'JOBS',
      5,
      ({ row }) => (row.found > 0 ? { forms: [foundText(row)], tone: 'plain' } : absent),
      { align: 'right' },
    ),
    column(
      'since',
      'SINCE',
      5,
      ({ row }, { as_of }) =>
        row.since === null
          ? absent
          : { forms: [formatAge(secondsBetween(row.since, as_of))], tone: 'plain' },
      { align: 'right' },
    ),
    column(
      'description',
      'MEANS',
      longest(({ row }: Row) => row.description, 60),
      ({ row }) => ({ forms: [row.description], tone: 'dim' }),
    ),
  ],
  narrowings: [
    { column: 'description', to: 0 },
    { column: 'since', to: 0 },
    { column: 'alert', to: 20 },
    { column: 'severity', to: 0 },
    { column: 'limit', to: 0 },
    { column: 'state', to: 1 },
    { column: 'found', to: 0 },
    { column: 'figure', to: 0 },
    { column: 'alert', to: 1, elastic: true },
  ],
  expansions: [['description']],
};

/** `heartbeat 14m`; a count is of what was found, not of the column: `3 found`. */
function figureOf(row: Alert, asOf: Date, zone: Zone): string {
  const figure = figureText(row.figure, asOf, zone);
  return row.figure?.kind === row.column.kind ? `${row.column.title} ${figure}` : `${figure} found`;
}

export const alertDetail: Detail<Alert> = ({ row }, { as_of, zone }) => {
  const head: Cell[] = [
    { text: row.name, tone: 'strong' },
    {
      text: row.firing
        ? ` fires: ${figureOf(row, as_of, zone)}, ${thresholdText(row, as_of, zone)}`
        : ` is ${isComing(row) ? 'coming' : 'quiet'}: it fires at ${thresholdText(row, as_of, zone)}`,
      tone: toneOf(row),
    },
  ];
  const jobs = row.jobs.map((job): Cell[] => [
    { text: safeText(job.asset_name, { cap: 200 }), tone: 'plain' },
    { text: job.job_id === null ? '' : ` ${shortId(job.job_id)}`, tone: 'dim' },
    {
      text: `  ${row.column.title} ${checkCell(row.column, job.value, { as_of, zone })}`,
      tone: 'plain',
    },
  ]);
  return [
    head,
    [{ text: `${row.description} (${sectionText(row.section)})`, tone: 'dim' }],
    ...jobs,
  ];
};
