import type { NamedJob } from '../../database/queries/read-job.ts';
import { withTenant } from '../../database/queries/triage/checks.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type Finding, remedyRefusal } from '../../domain/triage/checks.ts';
import type { TriageReport } from '../../domain/triage/report.ts';
import { wrap } from '../../presentation/text/fitted.ts';
import { fittedTable } from '../../presentation/text/fitted-table.ts';
import type { Zone } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import {
  checkCell,
  commandFor,
  fitOf,
  foundText,
  sectionText,
  worstText,
} from '../../presentation/triage/check-text.ts';

type Options = { width: number; zone: Zone };

type About = { about?: Pick<NamedJob, 'id' | 'state'> | null };

const roomForSections = 120;

/** Every check on a line; nothing wraps. */
export function reportText(report: TriageReport, { width, zone }: Options): string {
  const sections = width >= roomForSections;
  const header = ['FOUND', 'CHECK', 'NAME', 'WORST', ...(sections ? ['RUNBOOK'] : [])];
  const rows = report.checks.map((summary) => [
    foundText(summary),
    summary.check.title,
    summary.check.name,
    worstText(summary.worst, report.as_of, zone),
    ...(sections ? [sectionText(summary.check.section)] : []),
  ]);
  return `${fittedTable([header, ...rows], width, ['right']).join('\n')}\n`;
}

export function findingText(finding: Finding, options: Options & About): string {
  const { check, rows, truncated } = finding;
  const lines = [
    check.title,
    ...paragraph(`${sectionText(check.section)}: ${check.meaning}`, options),
    '',
    ...(rows.length === 0 ? ['nothing found'] : table(finding, options)),
    ...(truncated ? [`the first ${rows.length}`] : []),
    ...(rows.length === 0 ? [] : ['', ...remedies(finding, options)]),
  ];
  return `${lines.join('\n')}\n`;
}

export function sqlText(statements: readonly string[]): string {
  return safeText(statements.join('\n'), { lines: true, cap: 200_000 });
}

function table({ columns, rows, as_of }: Finding, { width, zone }: Options): string[] {
  const jobs = rows.some((row) => row.job_id !== null);
  const header = [...(jobs ? ['JOB'] : []), ...columns.map(({ title }) => title.toUpperCase())];
  const body = rows.map((row) => [
    ...(jobs ? [row.job_id === null ? '' : shortId(row.job_id)] : []),
    ...columns.map((column) => checkCell(column, row.cells[column.name], { as_of, zone })),
  ]);
  const fits = columns.map(fitOf);
  return fittedTable([header, ...body], width, jobs ? ['left', ...fits] : fits);
}

function remedies(finding: Finding, { about, ...options }: Options & About): string[] {
  const { check, tenant_id: tenant } = finding;
  const rows = finding.rows.map((row) =>
    row.job_id === null && about ? { ...row, job_id: about.id, state: about.state } : row,
  );
  return check.remedies.flatMap((remedy) => {
    const row = rows.find((one) => remedyRefusal(remedy, one) === null);
    const refusal = row === undefined ? ` (not now: ${remedyRefusal(remedy, rows[0]!)})` : '';
    const command = commandFor(remedy, row?.job_id ? shortId(row.job_id) : 'JOB');
    return [
      ...paragraph(`- ${remedy.text}${refusal}`, options),
      ...(command === null || row === undefined ? [] : [`    ${command}`]),
      ...(remedy.sql === null
        ? []
        : sqlText([withTenant(remedy.sql, { tenant })])
            .trimEnd()
            .split('\n')
            .map(indented)),
    ];
  });
}

const indented = (line: string) => `    ${line}`;

function paragraph(text: string, { width }: Options): string[] {
  return Number.isFinite(width) ? wrap(text, width) : [text];
}
