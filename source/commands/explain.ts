import type { DiagnosedJob, Explanation } from '../domain/triage/explanation.ts';
import { exitCodes } from '../errors.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { judgeJob } from '../operations/triage/explain-job.ts';
import { explainReason } from '../presentation/triage/explain-reason.ts';
import { explainText } from '../presentation/triage/explain-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui explain JOB [--exit-code]`. */
export function explain({ input, flags, settings, io }: Invocation): Promise<Output> {
  const options = {
    width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
    zone: flags.has('utc') ? 'utc' : 'local',
  } as const;
  return withSession(settings, async ({ reader, tenant }) => {
    const id = await resolveJob(reader, tenant, input[0]!);
    const judged = await judgeJob(reader, tenant, id, settings.thresholds);
    return {
      json: judgedJson(judged),
      text: () => asciiText(flags, explainText(judged, options)),
      exit: judged.scenario !== null && flags.has('exit-code') ? exitCodes.findings : 0,
    };
  });
}

function explainJson({ as_of, tenant_id, clause, facts }: Explanation) {
  const { as_of: _, ...rest } = facts;
  return { as_of, tenant_id, clause, ...explainReason(clause, facts), facts: rest };
}

function judgedJson(judged: DiagnosedJob) {
  const { findings, scenario, evidence, causes, recommendation, escalations } = judged;
  return {
    ...explainJson(judged),
    findings,
    scenario,
    evidence,
    causes,
    recommendation,
    escalations,
  };
}
