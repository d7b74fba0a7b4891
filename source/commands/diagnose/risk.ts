import { onSession } from '../../app/command.ts';
import { onTenant } from '../../cli/spec.ts';

export const risk = onSession({
  spec: {
    name: 'risk',
    usage:
      '[JOB] [--slots N] [--pause OTHER…] [--resume OTHER…] [--retry-failed] [--hold] [--parallel N] [--priority N] [--deadline T | --extend D]',
    summary: 'which jobs will miss their deadlines, by how much, and what would change that',
    flags: [
      { name: 'slots', value: 'N', help: 'what if the executors had so many slots' },
      { name: 'parallel', value: 'N', help: "what if this were the job's max parallel" },
      { name: 'priority', value: 'N', help: "what if this were the job's priority" },
      {
        name: 'pause',
        value: 'JOB',
        multiple: true,
        help: 'what if this job were paused: its slots go to others in claim order',
      },
      {
        name: 'resume',
        value: 'JOB',
        multiple: true,
        help: 'what if this paused job were resumed',
      },
      { name: 'hold', help: 'what if no executor claimed anything from now on' },
      { name: 'retry-failed', help: 'what if failed partitions were tried again' },
      { name: 'deadline', value: 'T', help: "what if this were the job's deadline; or none" },
      { name: 'extend', value: 'D', help: 'what if deadlines moved by 1h or -30m' },
    ],
    examples: [
      ['risk', 'all unfinished jobs with a deadline, the most urgent first'],
      ['risk 3f2a --slots 9', 'would three more slots save it?'],
      ['risk 3f2a --pause 77b1 --pause 90ce --deadline +2h', 'and all of this together?'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
  },
  json: () => import('./risk-json.ts'),
  read: ([reference], flags) => ({
    reference,
    pause: namedBy(flags.texts('pause')),
    resume: namedBy(flags.texts('resume')),
    whatIf: {
      slots: flags.text('slots'),
      parallel: flags.text('parallel'),
      priority: flags.text('priority'),
      hold: flags.has('hold'),
      deadline: flags.text('deadline'),
      extend: flags.text('extend'),
      retry_failed: flags.has('retry-failed'),
    },
  }),
  async run({ reference, pause, resume, whatIf }, session) {
    const [{ resolveJob, resolveJobs }, { assessRisk }, { isTenantVisible }] = await Promise.all([
      import('../../operations/jobs/resolve-job.ts'),
      import('../../operations/triage/risk.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, thresholds, view } = session;
    const job = reference === undefined ? null : await resolveJob(reader, tenant, reference);
    const paused = pause.length === 0 ? [] : await resolveJobs(reader, tenant, pause);
    const resumed = resume.length === 0 ? [] : await resolveJobs(reader, tenant, resume);
    const ids = { pause: paused.map(({ id }) => id), resume: resumed.map(({ id }) => id) };
    const asked = { ...whatIf, job, ...ids };
    const report = await assessRisk(reader, tenant, asked, thresholds);
    const found = report.jobs.length + report.others.length > 0;
    const visible = await isTenantVisible(session, found);
    return {
      json: { ...report, visible },
      text: async () => {
        const { riskText } = await import('./risk-text.ts');
        return riskText(report, { ...view, asked: job !== null });
      },
    };
  },
});

function namedBy(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(',')).filter(Boolean);
}
