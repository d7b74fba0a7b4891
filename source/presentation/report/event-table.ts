import type { JobEvent } from '../../domain/job/detail.ts';
import { shortId } from '../../domain/job/reference.ts';
import { secondsBetween } from '../job/eta-phrase.ts';
import { formatAge, formatMoment, momentForms } from '../text/format.ts';
import type { Detail, Item } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { absent, column, longest, type Table } from '../text/table.ts';
import type { Cell, Tone } from '../text/tone.ts';
import { actorName } from './actor-name.ts';
import { eventCells } from './event-cells.ts';

type Event = Item<JobEvent>;

const nameOf = ({ row, job }: Event) =>
  job === null ? shortId(row.job_id) : safeText(job.asset_name);

/** `running → paused`, `2024-03-12 failed` */
function happened({ row }: Event): { text: string; tone: Tone } {
  const cells = eventCells({ ...row, actor: '', login: '', reason: null });
  const tone = cells.find(({ tone }) => tone !== 'dim' && tone !== 'plain')?.tone ?? 'plain';
  const text = cells
    .map((cell) => cell.text)
    .join('')
    .trim();
  return { text, tone };
}

export const eventTable: Table<Event> = {
  columns: [
    column(
      'at',
      'AT',
      12,
      ({ row }, { as_of, zone }) => ({
        forms: momentForms(row.at, as_of, zone),
        tone: 'dim',
        whole: true,
      }),
      { gap: 1 },
    ),
    column('asset', 'ASSET', longest(nameOf, 40), (item) => ({
      forms: [nameOf(item)],
      tone: item.job === null ? 'dim' : 'plain',
    })),
    column('job', 'JOB', 8, ({ row }) => ({ forms: [shortId(row.job_id)], tone: 'dim' })),
    column(
      'happened',
      'WHAT HAPPENED',
      longest((item: Event) => happened(item).text, 44),
      (item) => {
        const { text, tone } = happened(item);
        return { forms: [text], tone };
      },
    ),
    column(
      'by',
      'BY',
      longest(({ row }: Event) => actorName(row), 24),
      ({ row }) => ({ forms: [actorName(row)], tone: 'dim' }),
    ),
    column(
      'reason',
      'REASON',
      ({ length }) => (length === 0 ? 6 : 20),
      ({ row }) =>
        row.reason === null ? absent : { forms: [safeText(row.reason)], tone: 'plain' },
      { grows_to: 200 },
    ),
  ],
  narrowings: [
    { column: 'job', to: 0 },
    { column: 'reason', to: 12, elastic: true },
    { column: 'asset', to: 16, elastic: true },
    { column: 'by', to: 10, elastic: true },
    { column: 'reason', to: 0 },
    { column: 'happened', to: 20, elastic: true },
    { column: 'by', to: 0 },
    { column: 'at', to: 8 },
    { column: 'asset', to: 12, elastic: true },
    // The newest come first, so the time goes before the job's name.
    { column: 'at', to: 0 },
    { column: 'happened', to: 12, elastic: true },
    { column: 'asset', to: 0 },
    { column: 'happened', to: 1, elastic: true },
  ],
  expansions: [['asset', 28], ['by'], ['happened'], ['reason']],
};

export const eventDetail: Detail<JobEvent> = (item, { as_of, zone }) => {
  const { row, job } = item;
  const { text, tone } = happened(item);
  const at = formatMoment(row.at, as_of, zone);
  const ago = formatAge(secondsBetween(row.at, as_of));
  const lines: Cell[][] = [
    [
      { text: nameOf(item), tone: 'strong' },
      { text: ` ${shortId(row.job_id)}`, tone: 'dim' },
      { text: `  ${text}`, tone },
    ],
    [{ text: `${at}, ${ago} ago, by ${actorName(row)}`, tone: 'dim' }],
  ];
  if (row.reason !== null) {
    lines.push([{ text: safeText(row.reason, { cap: 2000 }), tone: 'plain' }]);
  }
  if (job === null) lines.push([{ text: 'the job was deleted', tone: 'warn' }]);
  return lines;
};
