import type { Violation } from '../../database/queries/find-violations.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { Check } from '../../domain/triage/diagnosis.ts';
import type { Protected } from '../../domain/triage/protection.ts';
import { tableText } from '../../presentation/text/fitted-table.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { protectionText } from '../../presentation/triage/diagnosis-text.ts';

type Values = { tenant: string | null; actor: string; read_only: boolean };

export function doctorText(report: {
  checks: readonly Check[];
  origins: Record<string, string | null>;
  values: Values;
  protection: readonly Protected[];
  violations: readonly Violation[] | null;
}): string {
  const { checks, origins, values, protection, violations } = report;
  return [
    checksText(checks),
    originsText(origins, values),
    protectionsText(protection),
    violations === null ? '' : violationsText(violations),
  ].join('');
}

function checksText(checks: readonly Check[]): string {
  return tableText(
    checks.map(({ check, level, message, hint }) => [
      level,
      check,
      safeText(hint === null ? message : `${message} — ${hint}`),
    ]),
  );
}

function protectionsText(all: readonly Protected[]): string {
  if (all.length === 0) return '';
  const rows = all.map((one) => [
    `  ${one.level}`,
    one.kind,
    safeText(one.name),
    protectionText(one),
  ]);
  return `protection\n${tableText(rows)}`;
}

function originsText(origins: Record<string, string | null>, values: Values): string {
  const rows: [string, string][] = [
    ['database', `from ${origins.database}`],
    ['context', origins.context ?? 'none'],
    ['tenant', values.tenant === null ? 'none' : `${values.tenant} (${origins.tenant})`],
    ['actor', `${values.actor} (${origins.actor})`],
    ['read-only', `${values.read_only ? 'yes' : 'no'} (${origins.read_only})`],
  ];
  return `settings\n${tableText(rows.map(([name, value]) => [`  ${name}`, safeText(value)]))}`;
}

function violationsText(violations: readonly Violation[]): string {
  if (violations.length === 0) return 'invariants\n  all hold\n';
  const rules = [...new Set(violations.map(({ id, text }) => `${id} ${text}`))];
  return `invariants\n${rules
    .map((rule) => {
      const rows = violations.filter(({ id, text }) => `${id} ${text}` === rule);
      const lines = rows.map(({ job_id, partition_key, found }) => {
        const key = partition_key === null ? '' : ` ${safeText(partition_key, { cap: 300 })}`;
        return `    ${shortId(job_id)}${key}: ${safeText(found)}\n`;
      });
      return `  broken: ${rule}\n${lines.join('')}`;
    })
    .join('')}`;
}
