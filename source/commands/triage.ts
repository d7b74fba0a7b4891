import { withTenant } from '../database/queries/triage/checks.ts';
import { nearest } from '../domain/text/nearest.ts';
import { type CheckName, checkNames, needsAttention } from '../domain/triage/checks.ts';
import { UsageError } from '../errors.ts';
import { resolveJobs } from '../operations/jobs/resolve-job.ts';
import { triage as report, triageCheck } from '../operations/triage/checks.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { findingText, reportText, sqlText } from './triage-text.ts';
import { isTenantVisible, reportExit } from './visibility.ts';

/** `servo-tui triage [CHECK] [--job JOB] [--sql] [--exit-code]`. */
export function triage({ input, flags, settings, io }: Invocation): Promise<Output> {
  const name = input[0] === undefined ? null : readCheck(input[0]);
  const asked = flags.text('job');
  const { thresholds } = settings;
  const text = (say: string) => asciiText(flags, say);
  const options = {
    width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
    zone: flags.has('utc') ? 'utc' : 'local',
  } as const;
  return withSession(settings, async (session) => {
    const { reader, tenant } = session;
    const [about = null] = asked === undefined ? [] : await resolveJobs(reader, tenant, [asked]);
    const job = about?.id ?? null;
    // What is piped into psql is as it was run; a terminal sees no control characters.
    const statements = (named: readonly { title: string; sql: string }[]) => {
      const all = named.map(({ title, sql }) => `-- ${title}\n${withTenant(sql, { tenant })}`);
      return io.stdout.isTTY ? sqlText(all) : all.join('\n');
    };
    if (name === null) {
      const seen = await report(reader, tenant, { job, thresholds });
      const visible = await isTenantVisible(
        session,
        io,
        seen.checks.some(({ found }) => found > 0),
      );
      return {
        json: { ...seen, visible },
        text: () =>
          flags.has('sql')
            ? statements(seen.checks.map(({ check, sql }) => ({ title: check.title, sql })))
            : text(reportText(seen, options)),
        exit: reportExit(flags, { visible, found: seen.checks.some(needsAttention) }),
      };
    }
    const finding = await triageCheck(reader, tenant, name, { job, thresholds });
    const found = finding.rows.length > 0;
    const visible = await isTenantVisible(session, io, found);
    return {
      json: { ...finding, visible },
      text: () =>
        flags.has('sql')
          ? statements([{ title: finding.check.title, sql: finding.sql }])
          : text(findingText(finding, { ...options, about })),
      exit: reportExit(flags, { visible, found }),
    };
  });
}

function readCheck(word: string): CheckName {
  const name = word.toLowerCase().replaceAll('_', '-');
  if ((checkNames as readonly string[]).includes(name)) return name as CheckName;
  const near = nearest(name, checkNames);
  const known = `known are ${checkNames.join(', ')}`;
  throw new UsageError([
    {
      message: `there is no check "${word}"`,
      hint: near === null ? known : `did you mean ${near}? ${known}`,
    },
  ]);
}
