import { withSession } from '../../app/session.ts';
import { asciiText } from '../../cli/ascii.ts';
import type { Invocation, Output } from '../../cli/command.ts';
import { exportJob } from '../../operations/export-job.ts';
import { resolveJob } from '../../operations/resolve-job.ts';

/** `servo-tui export JOB`. */
export function exportReport({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async ({ reader, tenant }) => {
    const id = await resolveJob(reader, tenant, input[0]!);
    const report = await exportJob(reader, tenant, id, settings.thresholds);
    return {
      json: report,
      text: async () => {
        const { incidentReport } = await import('../../presentation/incident-report.ts');
        return asciiText(flags, incidentReport(report));
      },
    };
  });
}
