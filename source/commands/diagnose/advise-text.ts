import { isApplicable } from '../../domain/advice/actions.ts';
import type { Remedy } from '../../domain/advice/advice.ts';
import { shortId } from '../../domain/job/reference.ts';
import { mitigations } from '../../domain/risk/mitigation.ts';
import type { AdviceReport } from '../../operations/advice/advise.ts';
import { remedyText, stepCommand, verdictText } from '../../presentation/advice/advice-text.ts';
import { levelLabels } from '../../presentation/risk/risk-text.ts';
import { wrap } from '../../presentation/text/fitted.ts';
import { formatClockShort, type Zone } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

type Options = { width: number; zone: Zone };

/** The verdict, the remedies with their commands, then the runbook's advice for the level. */
export function adviceText(report: AdviceReport, options: Options): string {
  const { job, remedies, truncated, as_of, finish_at } = report;
  const context = { ...report, zone: options.zone };
  const done =
    finish_at === null ? '' : `, done ${formatClockShort(finish_at, as_of, options.zone)}`;
  const name = `${safeText(job.asset_name)} ${shortId(job.id)}`;
  const lines = [
    `${name}: ${verdictText(report, context)}${done}`,
    ...remedies.flatMap((remedy, index) => [
      `${index + 1}. ${remedyText(remedy, job.id, context)}`,
      ...commandLines(remedy, report),
    ]),
    ...(remedies.length === 0 ? [nothingText(report)] : []),
    ...(remedies.some(isApplicable)
      ? [`apply the first with: servo-tui advise ${shortId(job.id)} --apply`]
      : []),
    ...(truncated ? ['the search stopped early: there are many jobs'] : []),
    ...runbookLines(report),
  ];
  const whole = lines.flatMap((line) =>
    Number.isFinite(options.width) ? wrap(line, options.width) : [line],
  );
  return `${whole.join('\n')}\n`;
}

function commandLines({ steps }: Remedy, { limits }: AdviceReport): string[] {
  return steps.flatMap((step) => {
    const command = stepCommand(step, limits);
    return command === null ? [] : [`   ${command}`];
  });
}

function nothingText({ verdict, late_by_seconds }: AdviceReport): string {
  if (verdict === 'on_time' || verdict === 'none') return 'nothing is to be done';
  return late_by_seconds !== null && late_by_seconds > 0
    ? 'nothing in the forecast brings it in'
    : 'no action on jobs changes that';
}

function runbookLines({ job, verdict }: AdviceReport): string[] {
  if (verdict === 'on_time' || verdict === 'none') return [];
  const { heading, options } = mitigations[job.risk_level];
  if (options.length === 0) return [];
  return [
    '',
    `${levelLabels[job.risk_level]} · runbook: ${heading}`,
    ...options.map(({ title, command }) =>
      command === null ? `- ${title}` : `- ${title}: ${command.replace('JOB', shortId(job.id))}`,
    ),
  ];
}

export function remedyTitle(
  report: AdviceReport,
  remedy: Remedy,
  { zone }: Pick<Options, 'zone'>,
): string {
  return remedyText(remedy, report.job.id, { ...report, zone });
}

/** Why a remedy cannot be applied from here; null if it can. */
export function whyNotApplied(
  remedy: Remedy,
  report: AdviceReport,
): { message: string; hint: string } | null {
  if (isApplicable(remedy)) return null;
  const commands = commandLines(remedy, report).map((line) => line.trim());
  return commands.length === 0
    ? { message: 'this remedy changes no job', hint: 'choose another one: --remedy N' }
    : {
        message: 'this remedy is not an action on jobs alone',
        hint: `do it with: ${commands.join('; ')}`,
      };
}
