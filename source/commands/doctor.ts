import { openDatabase } from '../database/database.ts';
import type { Violation } from '../database/queries/find-violations.ts';
import { shortId } from '../domain/job/reference.ts';
import { type Check, isFinding } from '../domain/triage/diagnosis.ts';
import { type Protected, protectionsOf } from '../domain/triage/protection.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { diagnose, findBroken } from '../operations/system/diagnose.ts';
import { columns } from '../presentation/text/columns.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { checksOf, protectionText } from '../presentation/triage/diagnosis-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { connectionsOf } from './session.ts';
import { reportExit } from './visibility.ts';

/** `servo-tui doctor [--invariants] [--exit-code]`. It looks also where there is no tenant, and no schema. */
export async function doctor({ flags, settings }: Invocation): Promise<Output> {
  const tenant = settings.tenants[0] ?? null;
  const wanted = flags.has('invariants');
  if (wanted && tenant === null) {
    throw new UsageError([
      { message: '--invariants wants a tenant', hint: 'set TENANT_ID, or give --tenant' },
    ]);
  }
  const { read } = await connectionsOf(settings);
  const database = openDatabase(read, { connections: 1 });
  try {
    const diagnosis = await diagnose(database, tenant);
    const checks = checksOf(diagnosis);
    const protection = protectionsOf(diagnosis.protection);
    const violations = wanted && tenant !== null ? await findBroken(database, tenant) : null;
    const origins = { ...settings.origins, context: settings.context };
    const visible = diagnosis.visible !== false;
    const faulty = checks.some(({ level }) => level === 'fault');
    const broken = faulty || (violations?.length ?? 0) > 0;
    // Without anything visible its other findings only follow from that.
    const found = broken || (visible && checks.some(isFinding));
    return {
      json: {
        tenant_id: tenant,
        diagnosis,
        checks,
        protection: protection.map((one) => ({ ...one, message: protectionText(one) })),
        violations,
        origins,
        actor: settings.actor,
      },
      text: () =>
        asciiText(
          flags,
          checksText(checks) +
            originsText(origins, { tenant, actor: settings.actor, read_only: settings.read_only }) +
            protectionsText(protection) +
            (violations === null ? '' : violationsText(violations)),
        ),
      exit: faulty ? exitCodes.findings : reportExit(flags, { visible, found }),
    };
  } finally {
    await database.close();
  }
}

function checksText(checks: readonly Check[]): string {
  return columns(
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
  return `protection\n${columns(rows)}`;
}

function originsText(
  origins: Record<string, string | null>,
  values: { tenant: string | null; actor: string; read_only: boolean },
): string {
  const rows: [string, string][] = [
    ['database', `from ${origins.database}`],
    ['context', origins.context ?? 'none'],
    ['tenant', values.tenant === null ? 'none' : `${values.tenant} (${origins.tenant})`],
    ['actor', `${values.actor} (${origins.actor})`],
    ['read-only', `${values.read_only ? 'yes' : 'no'} (${origins.read_only})`],
  ];
  return `settings\n${columns(rows.map(([name, value]) => [`  ${name}`, safeText(value)]))}`;
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
