import { parseMoment } from '../domain/time/deadline.ts';
import { parseDuration } from '../domain/time/duration.ts';
import { UsageError } from '../errors.ts';
import { handOver } from '../operations/reports/hand-off.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { isTenantVisible } from './visibility.ts';

/** A shift, where nothing else is said, in milliseconds. */
export const shiftMs = 8 * 3_600_000;

/** `servo-tui handoff [--since 8h]`. */
export function handoff({ flags, settings, io }: Invocation): Promise<Output> {
  const since = readSince(flags.text('since'));
  return withSession(settings, async (session) => {
    const { reader, tenant } = session;
    const summary = await handOver(reader, tenant, since, settings.thresholds);
    const found = summary.actions.length + summary.ended.length > 0;
    const visible = await isTenantVisible(session, io, found);
    return {
      json: { ...summary, visible },
      text: async () => {
        const { handOffReport } = await import('../presentation/report/hand-off.ts');
        return asciiText(flags, handOffReport(summary));
      },
    };
  });
}

/** `8h` ago, or an instant. @throws UsageError */
export function readSince(text: string | undefined): { at: Date } | { before_ms: number } {
  if (text === undefined) return { before_ms: shiftMs };
  const before = parseDuration(text);
  if (before !== null && before > 0) return { before_ms: before };
  const moment = parseMoment(text);
  if (moment !== null && 'at' in moment) return moment;
  throw new UsageError([
    {
      message: `"${text}" is neither how long ago nor a moment (--since)`,
      hint: 'as 8h, 2d, 2026-01-31T06:00:00Z or 2026-01-31',
    },
  ]);
}
