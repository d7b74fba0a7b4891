import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { exportJob } from '../operations/reports/export-job.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui export JOB`. */
export function exportReport({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async ({ reader, tenant }) => {
    const id = await resolveJob(reader, tenant, input[0]!);
    const report = await exportJob(reader, tenant, id, settings.thresholds);
    return {
      json: report,
      text: async () => {
        const { incidentReport } = await import('../presentation/report/incident-report.ts');
        return asciiText(flags, incidentReport(report));
      },
    };
  });
}
