import { onSession } from '../../app/command.ts';
import type { Session } from '../../app/session.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import type { AlertName } from '../../domain/triage/alerts.ts';
import type { RiskReport } from '../../operations/triage/risk.ts';

/** The alerts of jobs that the forecast knows a remedy for. */
const slaAlerts: readonly AlertName[] = ['ServoBackfillSLAAtRisk', 'ServoBackfillSLABreach'];

async function remediesOf({
  reader,
  tenant,
  thresholds,
}: Session): Promise<RiskReport['remedies']> {
  const { assessRisk } = await import('../../operations/triage/risk.ts');
  const { remedies } = await assessRisk(reader, tenant, { job: null, pause: [] }, thresholds);
  return remedies;
}

export const alerts = onSession({
  spec: {
    name: 'alerts',
    usage: '[--exit-code]',
    summary: "the runbooks' alerts by name: firing or not, figure, threshold, since when",
    flags: [
      {
        name: 'exit-code',
        help: 'exit 10 where one fires, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['alerts', 'with the worst jobs of each'],
      ['alerts --exit-code --json', 'for a monitor'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./alerts-json.ts'),
  read: (_, flags) => ({ exitCode: flags.has('exit-code') }),
  async run({ exitCode }, session) {
    const [{ listAlerts }, { isTenantVisible, reportExit }] = await Promise.all([
      import('../../operations/triage/alerts.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, thresholds, view } = session;
    const seen = await listAlerts(reader, tenant, thresholds);
    const late = seen.alerts.some(({ name, found }) => slaAlerts.includes(name) && found > 0);
    const remedies = late ? await remediesOf(session) : [];
    const anything = seen.alerts.some((alert) => alert.found > 0);
    const report = { ...seen, remedies, visible: await isTenantVisible(session, anything) };
    return {
      json: report,
      text: async () => {
        const { alertsText } = await import('../../presentation/triage/alert-text.ts');
        const { remedyLines } = await import('../../presentation/advice/remedy-lines.ts');
        const lines = remedyLines(report, { ...view, asked: false });
        const below = lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
        return asciiText(view, `${alertsText(report, view)}${below}`);
      },
      exit: reportExit(exitCode, {
        visible: report.visible,
        found: report.alerts.some((alert) => alert.firing),
      }),
    };
  },
});
