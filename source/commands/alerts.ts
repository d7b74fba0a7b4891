import { listAlerts } from '../operations/triage/alerts.ts';
import { alertsText } from '../presentation/triage/alert-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { isTenantVisible, reportExit } from './visibility.ts';

/** `servo-tui alerts [--exit-code]`. */
export async function alerts({ flags, settings, io }: Invocation): Promise<Output> {
  const report = await withSession(settings, async (session) => {
    const seen = await listAlerts(session.reader, session.tenant, settings.thresholds);
    const found = seen.alerts.some((alert) => alert.found > 0);
    return { ...seen, visible: await isTenantVisible(session, io, found) };
  });
  const firing = report.alerts.some((alert) => alert.firing);
  const options = {
    width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
    zone: flags.has('utc') ? 'utc' : 'local',
  } as const;
  return {
    json: report,
    text: () => asciiText(flags, alertsText(report, options)),
    exit: reportExit(flags, { visible: report.visible, found: firing }),
  };
}
