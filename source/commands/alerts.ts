import { exitCodes } from '../errors.ts';
import { listAlerts } from '../operations/alerts.ts';
import { alertsText } from '../presentation/alert-words.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui alerts [--exit-code]`. */
export async function alerts({ flags, settings, io }: Invocation): Promise<Output> {
  const report = await withSession(settings, (session) =>
    listAlerts(session.reader, session.tenant, settings.thresholds),
  );
  const firing = report.alerts.some((alert) => alert.firing);
  const options = {
    width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
    zone: flags.has('utc') ? 'utc' : 'local',
  } as const;
  return {
    json: report,
    text: () => asciiText(flags, alertsText(report, options)),
    exit: firing && flags.has('exit-code') ? exitCodes.findings : 0,
  };
}
