import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';

export const exportReport = onSession({
  spec: {
    name: 'export',
    usage: 'JOB',
    summary:
      "one job's incident report in Markdown: figures, failures, impact, who did what and why",
    flags: [],
    examples: [
      ['export 3f2a > incident.md', 'for a ticket'],
      ["export 3f2a --json | jq '.failures[].likely_cause'", 'for a script'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 1 },
  },
  json: () => import('./export-json.ts'),
  read: ([reference = '']) => ({ reference }),
  async run({ reference }, { reader, tenant, thresholds, view }) {
    const [{ exportJob }, { resolveJob }] = await Promise.all([
      import('../../operations/reports/export-job.ts'),
      import('../../operations/jobs/resolve-job.ts'),
    ]);
    const id = await resolveJob(reader, tenant, reference);
    const report = await exportJob(reader, tenant, id, thresholds);
    return {
      json: report,
      text: async () => {
        const { incidentReport } = await import('../../presentation/report/incident-report.ts');
        return asciiText(view, incidentReport(report));
      },
    };
  },
});
