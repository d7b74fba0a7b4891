import { type HostSession, onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { unknownValue } from '../../cli/flags.ts';
import { onTenant } from '../../cli/spec.ts';
import { type CheckName, checkNames, needsAttention } from '../../domain/triage/checks.ts';
import type { Problem } from '../../errors.ts';

export const triage = onSession({
  spec: {
    name: 'triage',
    usage: '[CHECK] [--job JOB] [--sql] [--exit-code]',
    summary: 'every check of the runbooks: what it finds, what it means, what to do',
    flags: [
      { name: 'job', value: 'JOB', help: 'only this job' },
      { name: 'sql', help: 'the statements, to be pasted into psql' },
      {
        name: 'exit-code',
        help: 'exit 10 where something is found, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['triage', 'all checks, with the worst of each'],
      ['triage stuck', 'its rows, and the remedies'],
      ['triage failed-partitions --job 3f2a', "the runbook's question of one job"],
      ['triage stuck --sql | psql', 'the very statement'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
  },
  json: () => import('./triage-json.ts'),
  read: ([word], flags, problems) => ({
    check: word === undefined ? null : readCheck(word, problems),
    job: flags.text('job'),
    sql: flags.has('sql'),
    exitCode: flags.has('exit-code'),
  }),
  async run(request, session) {
    const [{ resolveJobs }, operations, { isTenantVisible, reportExit }] = await Promise.all([
      import('../../operations/jobs/resolve-job.ts'),
      import('../../operations/triage/checks.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, thresholds, view } = session;
    const named = request.job === undefined ? [] : await resolveJobs(reader, tenant, [request.job]);
    const [about = null] = named;
    const options = { job: about?.id ?? null, thresholds };
    if (request.check === null) {
      const report = await operations.triage(reader, tenant, options);
      const anything = report.checks.some(({ found }) => found > 0);
      const visible = await isTenantVisible(session, anything);
      return {
        json: { ...report, visible },
        text: async () => {
          if (request.sql) {
            const named = report.checks.map(({ check, sql }) => ({ title: check.title, sql }));
            return statements(named, session);
          }
          const { reportText } = await import('./triage-text.ts');
          return asciiText(view, reportText(report, view));
        },
        exit: reportExit(request.exitCode, { visible, found: report.checks.some(needsAttention) }),
      };
    }
    const finding = await operations.triageCheck(reader, tenant, request.check, options);
    const found = finding.rows.length > 0;
    const visible = await isTenantVisible(session, found);
    return {
      json: { ...finding, visible },
      text: async () => {
        const { title } = finding.check;
        if (request.sql) return statements([{ title, sql: finding.sql }], session);
        const { findingText } = await import('./triage-text.ts');
        return asciiText(view, findingText(finding, { ...view, about }));
      },
      exit: reportExit(request.exitCode, { visible, found }),
    };
  },
});

/** What is piped into psql is as it was run; a terminal gets no control characters. */
async function statements(
  named: readonly { title: string; sql: string }[],
  { tenant, io }: HostSession,
): Promise<string> {
  const [{ withTenant }, { sqlText }] = await Promise.all([
    import('../../database/queries/triage/checks.ts'),
    import('./triage-text.ts'),
  ]);
  const all = named.map(({ title, sql }) => `-- ${title}\n${withTenant(sql, { tenant })}`);
  return io.stdout.isTTY ? sqlText(all) : all.join('\n');
}

function readCheck(word: string, problems: Problem[]): CheckName {
  const name = word.toLowerCase().replaceAll('_', '-');
  const check = checkNames.find((one) => one === name);
  if (check === undefined) problems.push(unknownValue('check', word, checkNames));
  return check ?? checkNames[0];
}
