import { isNoChange, openSlots } from '../../../domain/forecast/what-if.ts';
import type { RiskRow } from '../../../domain/risk/board.ts';
import { atRiskLevels, type RiskLevel } from '../../../domain/risk/risk.ts';
import { formatClock, formatDuration } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import type { State } from '../../model/state.ts';
import { cut, type Line, type Span, span, time } from '../../widgets/spans.ts';

/**
 * `at risk 2 → 1, 3 later  WHAT IF  slots 6 → [9]  pause clicks  parallel weather ×9  deadline
 * weather +30m (now 14:17)`.
 */
export function riskBar(state: State, rows: readonly RiskRow[]): Line {
  const { data, what } = state.boards.risk;
  if (data === null) return [];
  const slots = openSlots(data.snapshot);
  const name = (id: string) => {
    const job = data.jobs.find((one) => one.id === id);
    return job === undefined ? [] : [safeText(job.asset_name, { cap: 40 })];
  };
  const named = (ids: readonly string[]) => ids.flatMap(name).join(', ') || 'none';
  const priority = Object.entries(what.priority).flatMap(([id, figure]) =>
    name(id).map((text) => `${text} ${figure}`),
  );
  const parallel = Object.entries(what.parallel).flatMap(([id, figure]) =>
    name(id).map((text) => `${text} ×${figure}`),
  );
  const moved = rows.flatMap(movedDeadline);
  const line: Span[] = [
    span(' at risk '),
    span(String(atRisk(rows)), atRisk(rows) > 0 ? 'bad' : 'good'),
    ...(isNoChange(what) ? [] : thenAtRisk(rows)),
    span('  WHAT IF', 'strong'),
    span(`  slots ${slots}`),
    ...(what.slots === null ? [] : [span(' → '), span(`[${what.slots}]`, 'accent')]),
    ...part('pause', named(what.pause), what.pause.length > 0),
    ...(parallel.length > 0 ? part('parallel', parallel.join(', '), true) : []),
    ...(priority.length > 0 ? part('priority', priority.join(', '), true) : []),
    ...(what.resume.length > 0 ? part('resume', named(what.resume), true) : []),
    ...part('deadline', moved.join(', ') || '+0', moved.length > 0),
    ...(what.retry_failed.length > 0 ? part('retry', named(what.retry_failed), true) : []),
    ...(data.early_warning > 0
      ? [span(`  warning ${formatDuration(data.early_warning / 1000)} before`, 'dim')]
      : []),
    ...(data.truncated ? [span('  not all jobs are shown', 'warn')] : []),
    time(`  (now ${formatClock(data.as_of, data.as_of, state.options.zone)})`, 'dim'),
  ];
  return cut(line, state.size.columns - 1);
}

function part(label: string, text: string, changed: boolean): Span[] {
  return [span(`  ${label} `, 'dim'), span(text, changed ? 'accent' : 'dim')];
}

function thenAtRisk(rows: readonly RiskRow[]): Span[] {
  const then = atRisk(rows.flatMap(({ what_if }) => what_if ?? []));
  const victims = rows.filter(({ what_if }) => what_if?.victim);
  const late = victims.some(({ what_if }) => what_if?.made_late);
  const costs =
    victims.length === 0 ? [] : [span(`, ${victims.length} later`, late ? 'bad' : 'warn')];
  return [span(' → '), span(String(then), then > 0 ? 'bad' : 'good'), ...costs];
}

function atRisk(rows: readonly { risk_level: RiskLevel }[]): number {
  return rows.filter(({ risk_level }) => atRiskLevels.includes(risk_level)).length;
}

function movedDeadline({ asset_name, sla_deadline_at: at, what_if }: RiskRow): string[] {
  const then = what_if?.sla_deadline_at;
  if (!at || !then || at.getTime() === then.getTime()) return [];
  const by = (then.getTime() - at.getTime()) / 1000;
  return [
    `${safeText(asset_name, { cap: 40 })} ${by > 0 ? '+' : '−'}${formatDuration(Math.abs(by))}`,
  ];
}
