import type {
  CheckDefinition,
  CheckSummary,
  Finding,
  FoundRow,
} from '../../domain/triage/checks.ts';
import { remedyRefusal } from '../../domain/triage/checks.ts';
import type { Detail, DetailContext, Item } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { column, longest, type Table } from '../text/table.ts';
import type { Cell, Tone } from '../text/tone.ts';
import {
  checkCell,
  checkForms,
  foundText,
  isFigure,
  sectionText,
  worstText,
} from './check-text.ts';

const tones: Readonly<Record<CheckDefinition['severity'], Tone>> = {
  critical: 'bad',
  warning: 'warn',
  notice: 'plain',
};

type Summary = Item<CheckSummary>;

const toneOf = ({ row }: Summary): Tone => (row.found > 0 ? tones[row.check.severity] : 'dim');

export const triageTable: Table<Summary> = {
  columns: [
    column(
      'check',
      'CHECK',
      longest(({ row }: Summary) => row.check.title, 60),
      (item) => ({
        forms: [item.row.check.title],
        tone: item.row.found > 0 ? 'plain' : 'dim',
      }),
      { gap: 1 },
    ),
    column(
      'found',
      'FOUND',
      6,
      (item) => {
        const { found, check } = item.row;
        // Critical findings are marked without colour too.
        const mark = found > 0 && check.severity === 'critical' ? '▲ ' : '';
        return { forms: [`${mark}${foundText(item.row)}`], tone: toneOf(item) };
      },
      { align: 'right' },
    ),
    column(
      'worst',
      'WORST',
      24,
      (item, { as_of, zone }) => ({
        forms: [worstText(item.row.worst, as_of, zone)],
        tone: toneOf(item),
      }),
      { grows_to: 48 },
    ),
    column(
      'runbook',
      'RUNBOOK',
      longest(({ row }: Summary) => sectionText(row.check.section), 80),
      ({ row }) => ({
        forms: [sectionText(row.check.section), row.check.section.heading],
        tone: 'dim',
      }),
    ),
  ],
  narrowings: [
    { column: 'runbook', to: 20, elastic: true },
    { column: 'runbook', to: 0 },
    { column: 'check', to: 30, elastic: true },
    { column: 'worst', to: 12, elastic: true },
    { column: 'worst', to: 0 },
    { column: 'check', to: 8, elastic: true },
    { column: 'found', to: 0 },
    { column: 'check', to: 1, elastic: true },
  ],
  expansions: [['worst', 32], ['runbook'], ['worst']],
};

export const triageDetail: Detail<CheckSummary> = ({ row }, context) => [
  [{ text: row.check.title, tone: 'strong' }],
  [{ text: row.check.meaning, tone: 'plain' }],
  ...remedyLines(row.check, null, context),
];

export function checkTable(data: Finding | null): Table<Item<FoundRow>> {
  const shown = data?.columns ?? [];
  const context = { as_of: data?.as_of ?? new Date(0), zone: 'utc' as const };
  const asset = shown.some(({ name }) => name === 'asset_name');
  const columns = shown.map((one, index) =>
    column<Item<FoundRow>>(
      one.name,
      one.title.toUpperCase(),
      longest(({ row }: Item<FoundRow>) => checkCell(one, row.cells[one.name], context), 60),
      ({ row }, { as_of, zone }) => ({
        ...checkForms(one, row.cells[one.name], { as_of, zone }),
        tone: one.name === data?.check.figure ? tones[data.check.severity] : 'plain',
      }),
      { align: isFigure(one) ? 'right' : 'left', gap: index === 0 ? 1 : 2 },
    ),
  );
  const first = asset ? 'asset_name' : shown[0]?.name;
  const others = shown.map(({ name }) => name).filter((name) => name !== first);
  const dropped = others.filter((name) => name !== data?.check.figure).toReversed();
  return {
    columns,
    narrowings: [
      ...others.map((name) => ({ column: name, to: 12, elastic: true as const })),
      ...(first === undefined ? [] : [{ column: first, to: 20, elastic: true as const }]),
      ...dropped.map((name) => ({ column: name, to: 0 })),
      ...(data === null ? [] : [{ column: data.check.figure, to: 0 }]),
      ...(first === undefined ? [] : [{ column: first, to: 1, elastic: true as const }]),
    ],
    expansions: first === undefined ? [] : [[first], ...others.map((name) => [name] as const)],
  };
}

export const checkDetail: Detail<FoundRow, Finding> = ({ row }, context, { check }) => [
  [{ text: check.meaning, tone: 'plain' }],
  ...remedyLines(check, row, context),
  [{ text: `runbook: ${sectionText(check.section)}`, tone: 'dim' }],
];

/** The runbook's remedies with their keys; an impossible one says why. */
function remedyLines(
  check: CheckDefinition,
  row: FoundRow | null,
  { keys }: DetailContext,
): Cell[][] {
  return check.remedies.map((remedy): Cell[] => {
    const refusal = row === null ? null : remedyRefusal(remedy, row);
    const key = keys[remedy.action];
    return [
      { text: key === undefined ? '· ' : `${key} `, tone: refusal === null ? 'accent' : 'dim' },
      { text: safeText(remedy.text, { cap: 500 }), tone: refusal === null ? 'plain' : 'dim' },
      ...(refusal === null ? [] : [{ text: ` (${refusal})`, tone: 'warn' as const }]),
    ];
  });
}
