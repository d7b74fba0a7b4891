import { shortId } from '../../domain/job/reference.ts';
import type { RiskRow } from '../../domain/risk/board.ts';
import { atRiskLevels, type RiskLevel, riskLevels } from '../../domain/risk/risk.ts';
import type { RiskReport } from '../../operations/triage/risk.ts';
import { remedyLines } from '../../presentation/advice/remedy-lines.ts';
import { riskTable } from '../../presentation/risk/columns.ts';
import {
  formatBuffer,
  levelLabels,
  tierText,
  victimText,
} from '../../presentation/risk/risk-text.ts';
import { toAscii } from '../../presentation/text/ascii.ts';
import { wrap } from '../../presentation/text/fitted.ts';
import { formatDuration, plural, type Zone } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { tableLines } from '../../presentation/text/table.ts';

type Options = {
  asked: boolean;
  width: number;
  zone: Zone;
  ascii: boolean;
};

/** How many jobs that end later are named. */
const mostVictims = 5;
const mostOthers = 10;

/** Nothing wraps within `width` but advice. */
export function riskText(report: RiskReport, options: Options): string {
  const { jobs, others, advice, truncated } = report;
  const isWhatIf = report.levels.what_if !== null;
  const sharing = others.filter(
    ({ running_slots, what_if }) => running_slots > 0 || what_if?.victim === true,
  );
  const shown = [...jobs, ...(options.asked && !isWhatIf ? [] : sharing.slice(0, mostOthers))];
  const lines = [
    summary(report),
    ...(shown.length === 0 ? [] : ['', ...rowLines(report, shown, options)]),
    ...(truncated ? ['', `more jobs have a deadline: these are the nearest`] : []),
    ...victimLines(report),
    ...(options.asked ? details(jobs[0]!) : []),
    ...blankBefore(remedyLines(report, options)),
    ...advice.flatMap((one) => ['', ...adviceLines(one, jobs, options)]),
  ];
  const text = `${lines.join('\n')}\n`;
  return options.ascii ? toAscii(text) : text;
}

/** `now: 2 at risk (1 breached, 1 high), 3 on track, 12 slots`. */
function summary({ jobs, levels, slots, tenant_id, early_warning_seconds }: RiskReport): string {
  if (jobs.length === 0)
    return `no unfinished job of tenant "${safeText(tenant_id)}" has a deadline: check the name`;
  const warning =
    early_warning_seconds > 0 ? `, warned ${formatDuration(early_warning_seconds)} early` : '';
  const then =
    levels.what_if === null ? '' : `\nwhat if: ${levelCounts(levels.what_if)}, ${slotWords(slots)}`;
  return `now: ${levelCounts(levels.now)}${warning}, ${plural(slots.now, 'slot')}${then}`;
}

function slotWords({ now, what_if }: RiskReport['slots']): string {
  return what_if === null ? plural(now, 'slot') : `${now} → ${plural(what_if, 'slot')}`;
}

function levelCounts(counts: Partial<Record<RiskLevel, number>>): string {
  const atRisk = atRiskLevels.reduce((sum, level) => sum + (counts[level] ?? 0), 0);
  const words = (levels: readonly RiskLevel[]) =>
    levels
      .filter((level) => (counts[level] ?? 0) > 0)
      .map((level) => `${counts[level]} ${levelLabels[level].toLowerCase()}`);
  const risky = atRisk === 0 ? '' : ` (${words(atRiskLevels.toReversed()).join(', ')})`;
  const others = riskLevels.filter((level) => !atRiskLevels.includes(level)).toReversed();
  return [`${atRisk} at risk${risky}`, ...words(others)].join(', ');
}

function rowLines({ as_of }: RiskReport, rows: readonly RiskRow[], { width, zone }: Options) {
  const items = rows.map((row) => ({ row, job: row }));
  return tableLines(riskTable, items, { as_of, width, zone });
}

/** `costs: daily_sales late by 6m; ml_features +7m, no deadline`. */
function victimLines({ victims, levels }: RiskReport): string[] {
  if (levels.what_if === null) return [];
  if (victims.length === 0) return ['', 'costs: no other job ends later'];
  const named = victims.slice(0, mostVictims).map(victimText);
  const more = victims.length > mostVictims ? `; and ${victims.length - mostVictims} more` : '';
  return ['', `costs: ${named.join('; ')}${more}`];
}

/** The best remedy of each job at risk; of one that was asked for, all of them. */
function blankBefore(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function details(row: RiskRow): string[] {
  const { sla_buffer, sla_buffer_fit } = row;
  if (sla_buffer === null || sla_buffer_fit === null) return [];
  const verdict = {
    late: 'it ends after its deadline',
    tight: `tight: ${tierText(row)}`,
    fits: `as it should be: ${tierText(row)}`,
    wide: `more than needed: ${tierText(row)}`,
  }[sla_buffer_fit];
  return ['', `buffer ${formatBuffer(sla_buffer)} of its duration, ${verdict}`];
}

function adviceLines(
  { level, meaning, heading, options }: RiskReport['advice'][number],
  jobs: readonly RiskRow[],
  { asked, width }: Options,
): string[] {
  const job = jobs.find(({ risk_level }) => risk_level === level)!;
  const head = `${levelLabels[level]} (${meaning}) · runbook: ${heading}`;
  const lines = options.flatMap(({ title, steps, command }) => [
    `- ${title}${asked ? '' : command === null ? '' : `: ${command.replace('JOB', shortId(job.id))}`}`,
    ...(asked ? steps.map((step) => `    ${step}`) : []),
    ...(asked && command !== null ? [`    ${command.replace('JOB', shortId(job.id))}`] : []),
  ]);
  return [head, ...lines].flatMap((text) => (Number.isFinite(width) ? wrap(text, width) : [text]));
}
