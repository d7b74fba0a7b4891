import { shortId } from '../../domain/job/reference.ts';
import type { RiskRow } from '../../domain/risk/board.ts';
import { mitigations } from '../../domain/risk/mitigation.ts';
import { driftWords, etaIfStarted, formatEta, formatEtaRange } from '../job/eta-phrase.ts';
import { healthWords, isNotWorkedOn } from '../job/health-words.ts';
import { stateWord } from '../job/state-words.ts';
import type { Detail } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { type Cell, signOf } from '../text/tone.ts';
import { formatBuffer, levelWords, suppositions, tierWords } from './words.ts';

/** The selected job, and what the runbook advises at the level that it would be at. */
export const riskDetail: Detail<RiskRow> = ({ row }, { as_of, zone }) => {
  const { glyph, word, tone } = stateWord(row.state);
  const eta = formatEta(row, as_of, zone).forms[0];
  const range = formatEtaRange(row, as_of, zone);
  const started = etaIfStarted(row, as_of, zone);
  const expected = `${row.state === 'running' && !isNotWorkedOn(row) ? 'ETA ' : ''}${eta}${range === '' ? '' : ` (${range})`}`;
  const times = [
    row.state === 'pending' && started !== '' ? '' : expected,
    driftWords(row),
    started,
  ].filter((text) => text !== '');
  const head: Cell[] = [
    { text: `${safeText(row.asset_name)} `, tone: 'strong' },
    { text: shortId(row.id), tone: 'dim' },
    { text: ` · ${glyph} ${word}`, tone },
    ...times.map((text) => ({ text: ` · ${text}`, tone: 'plain' as const })),
    { text: ` · priority ${row.priority}, ${row.sla_tier}${bufferWords(row)}`, tone: 'plain' },
  ];
  const health = healthWords(row);
  const words = suppositions(row);
  const then: Cell[][] = words === '' ? [] : [[{ text: `what if: ${words}`, tone: 'accent' }]];
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
    ...then,
    ...(row.sla_deadline_at === null && row.what_if?.sla_deadline_at == null
      ? [
          [
            {
              text: 'no deadline: what it runs on could serve others, were it paused',
              tone: 'dim' as const,
            },
          ],
        ]
      : [[{ text: `${levelWords[level]} (${meaning}) · ${heading}`, tone: 'strong' as const }]]),
    ...advice,
  ];
};

const fitTexts = {
  late: 'after the deadline',
  tight: 'below target',
  fits: 'on target',
  wide: 'above target',
} as const;

function bufferWords(row: RiskRow): string {
  const { sla_buffer, sla_buffer_fit } = row;
  if (sla_buffer === null || sla_buffer_fit === null) return '';
  const share = `buffer ${formatBuffer(sla_buffer)} of its duration`;
  return `, ${share}, ${fitTexts[sla_buffer_fit]} (${tierWords(row)})`;
}
