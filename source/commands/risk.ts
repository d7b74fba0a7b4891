import { resolveJob, resolveJobs } from '../operations/jobs/resolve-job.ts';
import { assessRisk } from '../operations/triage/risk.ts';
import type { Invocation, Output } from './command.ts';
import type { Flags } from './flags.ts';
import { withSession } from './session.ts';
import { isTenantVisible } from './visibility.ts';

/** `servo-tui risk [JOB] [what-if flags]`. */
export function risk({ input, flags, settings, io }: Invocation): Promise<Output> {
  const named = flags
    .texts('pause')
    .flatMap((text) => text.split(','))
    .filter(Boolean);
  return withSession(settings, async (session) => {
    const { reader, tenant } = session;
    const job = input[0] === undefined ? null : await resolveJob(reader, tenant, input[0]);
    const pause = named.length === 0 ? [] : await resolveJobs(reader, tenant, named);
    const supposed = { ...supposedBy(flags), job, pause: pause.map(({ id }) => id) };
    const report = await assessRisk(reader, tenant, supposed, settings.thresholds);
    const found = report.jobs.length + report.others.length > 0;
    const visible = await isTenantVisible(session, io, found);
    return {
      json: { ...report, visible },
      text: async () =>
        (await import('./risk-text.ts')).riskText(report, {
          asked: job !== null,
          width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
          zone: flags.has('utc') ? 'utc' : 'local',
          ascii: flags.has('ascii'),
        }),
    };
  });
}

function supposedBy(flags: Flags) {
  return {
    slots: flags.text('slots'),
    parallel: flags.text('parallel'),
    deadline: flags.text('deadline'),
    extend: flags.text('extend'),
    retry_failed: flags.has('retry-failed'),
  };
}
