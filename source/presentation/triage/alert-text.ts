import { shortId } from '../../domain/job/reference.ts';
import type { Alert, AlertReport, Figure } from '../../domain/triage/alerts.ts';
import { truncate } from '../text/fitted.ts';
import { fittedTable } from '../text/fitted-table.ts';
import { formatDuration, formatMoment, type Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { checkCell, foundText } from './check-text.ts';

type Options = { width: number; zone: Zone };

/** `14m`, `40%`, `3`; `200+` for a truncated count. */
export function figureText(
  figure: (Figure & { at_least?: boolean }) | null,
  asOf: Date,
  zone: Zone,
): string {
  if (figure === null) return '–';
  const column = { name: '', title: '', kind: figure.kind };
  return `${checkCell(column, figure.value, { as_of: asOf, zone })}${figure.at_least ? '+' : ''}`;
}

/** `> 5m` */
export function limitText({ threshold }: Alert, asOf: Date, zone: Zone): string {
  return `> ${figureText(threshold, asOf, zone)}`;
}

/** `> 5m`, `> 0 for 5m` */
export function thresholdText(alert: Alert, asOf: Date, zone: Zone): string {
  const { lasting_seconds: lasting } = alert;
  const limit = limitText(alert, asOf, zone);
  return lasting === 0 ? limit : `${limit} for ${formatDuration(lasting)}`;
}

/** Above its threshold, but not long enough to fire. */
export function isComing({ firing, found }: Alert): boolean {
  return !firing && found > 0;
}

export function alertsText(report: AlertReport, { width, zone }: Options): string {
  const { alerts, as_of } = report;
  const rows = alerts.map((alert) => [
    alert.firing ? 'FIRING' : isComing(alert) ? 'coming' : 'ok',
    alert.name,
    alert.severity,
    figureText(alert.figure, as_of, zone),
    (isComing(alert) ? thresholdText : limitText)(alert, as_of, zone),
    alert.since === null ? '' : formatMoment(alert.since, as_of, zone),
    alert.found > 0 ? foundText(alert) : '',
  ]);
  const header = ['STATE', 'ALERT', 'SEVERITY', 'FIGURE', 'LIMIT', 'SINCE', 'JOBS'];
  const fits = [undefined, undefined, undefined, 'right', undefined, 'whole', 'right'] as const;
  const lines = fittedTable([header, ...rows], width, fits);
  return `${[lines[0]!, ...alerts.flatMap((alert, index) => [lines[index + 1]!, ...jobLines(alert, as_of, zone).map((line) => truncate(line, width))])].join('\n')}\n`;
}

/** `3 more`; `195+ more` for a truncated count. */
export function othersText(others: number, truncated: boolean): string {
  return `${others}${truncated ? '+' : ''} more`;
}

const shown = 5;

function jobLines({ jobs, column, found, truncated }: Alert, asOf: Date, zone: Zone): string[] {
  const lines = jobs.slice(0, shown).map((job) => {
    const id = job.job_id === null ? '' : ` ${shortId(job.job_id)}`;
    const value = checkCell(column, job.value, { as_of: asOf, zone });
    return `  ${safeText(job.asset_name, { cap: 60 })}${id} ${column.title} ${value}`;
  });
  return found > lines.length
    ? [...lines, `  and ${othersText(found - lines.length, truncated)}`]
    : lines;
}
