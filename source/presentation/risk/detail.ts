import { isApplicable } from '../../domain/advice/actions.ts';
import { consoleEffort } from '../../domain/advice/advise.ts';
import { adviseOnRow, namesIn } from '../../domain/advice/board-advice.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { RiskBoard, RiskRow } from '../../domain/risk/board.ts';
import { mitigations } from '../../domain/risk/mitigation.ts';
import { remedyText, verdictText } from '../advice/advice-text.ts';
import { driftText, etaIfStarted, formatEta, formatEtaRange } from '../job/eta-phrase.ts';
import { healthText, isWaiting } from '../job/health-text.ts';
import { stateLabel } from '../job/state-label.ts';
import { plural } from '../text/format.ts';
import type { Detail, DetailContext } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { type Cell, signOf } from '../text/tone.ts';
import { formatBuffer, levelLabels, tierText, whatIfText } from './risk-text.ts';

/**
 * The selected job, what brings it in, and the runbook's advice for its (what-if) risk level.
 */
export const riskDetail: Detail<RiskRow, RiskBoard | null> = ({ row }, context, data) => {
  const { as_of, zone } = context;
  const { glyph, word, tone } = stateLabel(row.state);
  const eta = formatEta(row, as_of, zone).forms[0];
  const range = formatEtaRange(row, as_of, zone);
  const started = etaIfStarted(row, as_of, zone);
  const expected = `${row.state === 'running' && !isWaiting(row) ? 'ETA ' : ''}${eta}${range === '' ? '' : ` (${range})`}`;
  const times = [
    row.state === 'pending' && started !== '' ? '' : expected,
    driftText(row),
    started,
  ].filter((text) => text !== '');
  const head: Cell[] = [
    { text: `${safeText(row.asset_name)} `, tone: 'strong' },
    { text: shortId(row.id), tone: 'dim' },
    { text: ` · ${glyph} ${word}`, tone },
    ...times.map((text) => ({ text: ` · ${text}`, tone: 'plain' as const })),
    { text: ` · priority ${row.priority}, ${row.sla_tier}${bufferText(row)}`, tone: 'plain' },
  ];
  const health = healthText(row);
  const whatIf = whatIfText(row);
  const then: Cell[][] = whatIf === '' ? [] : [[{ text: `what if: ${whatIf}`, tone: 'accent' }]];
  const remedies = data === null ? [] : remedyLines(row, data, context);
  const level = row.what_if?.risk_level ?? row.risk_level;
  const { meaning, heading, options } = mitigations[level];
  const advice = options.map(({ title, steps, command }): Cell[] => [
    { text: `- ${title}`, tone: 'plain' },
    { text: `: ${steps.join('; ')}`, tone: 'dim' },
    ...(command === null
      ? []
      : [{ text: ` · ${command.replace('JOB', shortId(row.id))}`, tone: 'accent' as const }]),
  ]);
  return [
    head,
    ...(health === null ? [] : [[{ ...health, text: `${signOf(health.tone)}${health.text}` }]]),
    ...remedies,
    ...then,
    ...(row.sla_deadline_at === null && row.what_if?.sla_deadline_at == null
      ? [
          [
            {
              text: `no deadline: pausing it frees ${plural(row.running_slots, 'slot')}`,
              tone: 'dim' as const,
            },
          ],
        ]
      : [[{ text: `${levelLabels[level]} (${meaning}) · ${heading}`, tone: 'strong' as const }]]),
    ...advice,
  ];
};

/** By what the job is bound, and the best remedy with the key that applies it. */
function remedyLines(
  row: RiskRow,
  data: RiskBoard,
  { as_of, zone, keys }: DetailContext,
): Cell[][] {
  const advice = adviseOnRow(data, row.id, consoleEffort);
  if (advice === null || advice.verdict === 'on_time' || advice.verdict === 'none') return [];
  const context = { as_of, zone, names: namesIn(data, advice) };
  const [best, ...others] = advice.remedies;
  const key = keys.remedy ?? '';
  const apply =
    best !== undefined && isApplicable(best) && key !== '' ? ` · ${key} applies it` : '';
  const more = others.length === 0 ? '' : ` · ${plural(others.length, 'other')}`;
  const remedy: Cell[] =
    best === undefined
      ? [{ text: 'no change of jobs brings it in', tone: 'warn' }]
      : [
          { text: `remedy: ${remedyText(best, row.id, context)}`, tone: 'strong' },
          { text: `${apply}${more}`, tone: 'accent' },
        ];
  return [remedy, [{ text: verdictText(advice, context), tone: 'dim' }]];
}

const fitTexts = {
  late: 'after the deadline',
  tight: 'below target',
  fits: 'on target',
  wide: 'above target',
} as const;

function bufferText(row: RiskRow): string {
  const { sla_buffer, sla_buffer_fit } = row;
  if (sla_buffer === null || sla_buffer_fit === null) return '';
  const share = `buffer ${formatBuffer(sla_buffer)} of its duration`;
  return `, ${share}, ${fitTexts[sla_buffer_fit]} (${tierText(row)})`;
}
