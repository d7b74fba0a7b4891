import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { exitCodes } from '../../errors.ts';

export const explain = onSession({
  spec: {
    name: 'explain',
    usage: 'JOB [--exit-code]',
    summary: 'what keeps a job from running, the scenario of the runbook, evidence, what to do',
    flags: [{ name: 'exit-code', help: 'exit 10 where a check holds for it' }],
    examples: [
      ['explain 3f2a', 'clause, scenario, evidence, recommendation, escalation'],
      ['explain 3f2a --json | jq -r .recommendation.command', 'for a script'],
      ['explain 3f2a --exit-code', 'again after an action: did it help?'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 1 },
  },
  json: () => import('./explain-json.ts'),
  read: ([reference = ''], flags) => ({
    reference,
    exitCode: flags.has('exit-code'),
  }),
  async run({ reference, exitCode }, { reader, tenant, thresholds, view }) {
    const [{ assessJob }, { resolveJob }, { explainReason }] = await Promise.all([
      import('../../operations/triage/explain-job.ts'),
      import('../../operations/jobs/resolve-job.ts'),
      import('../../presentation/triage/explain-reason.ts'),
    ]);
    const id = await resolveJob(reader, tenant, reference);
    const diagnosed = await assessJob(reader, tenant, id, thresholds);
    const { as_of, tenant_id, clause, findings, scenario } = diagnosed;
    const { evidence, causes, recommendation, advice, escalations } = diagnosed;
    const { as_of: _, ...facts } = diagnosed.facts;
    return {
      json: {
        ...{ as_of, tenant_id, clause, ...explainReason(clause, diagnosed.facts), facts },
        ...{ findings, scenario, evidence, causes, recommendation, advice, escalations },
      },
      text: async () => {
        const { explainText } = await import('../../presentation/triage/explain-text.ts');
        return asciiText(view, explainText(diagnosed, view));
      },
      exit: scenario !== null && exitCode ? exitCodes.findings : 0,
    };
  },
});
