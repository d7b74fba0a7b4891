import type { ExecutorList, ExecutorView } from '../../domain/executor/executor.ts';
import { shortId } from '../../domain/job/reference.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { tableText } from '../../presentation/text/fitted-table.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

export function executorsText({ executors: all, as_of, tenant_id }: ExecutorList): string {
  if (all.length === 0) {
    return `no executor is running for tenant ${safeText(tenant_id)}, nor was in the last hour. Start one: servo-tui --worker\n`;
  }
  const ago = (at: Date) => roughDuration(as_of.getTime() - at.getTime());
  const header = ['STATE', 'SINCE', 'EXECUTOR', 'SLOTS', 'VERSION', 'CATALOGUE', 'HANDLERS'];
  const lines = tableText([
    header,
    ...all.map((one) => [
      one.state,
      ago(one.state_since),
      safeText(one.id),
      `${one.slots_busy}/${one.slots}`,
      safeText(one.version),
      safeText(one.catalogue ?? '-'),
      handlersOf(one),
    ]),
  ]).split('\n');
  return `${[lines[0]!, ...all.flatMap((one, index) => [lines[index + 1]!, ...detail(one, ago)])].join('\n')}\n`;
}

function handlersOf({ handlers }: ExecutorView): string {
  const few = handlers.slice(0, 8).map((name) => safeText(name, { cap: 60 }));
  return `${few.join(', ')}${handlers.length > few.length ? ` and ${handlers.length - few.length} more` : ''}`;
}

function detail(one: ExecutorView, ago: (at: Date) => string): string[] {
  const onHold = one.hold_reason === null ? [] : [`  on hold: ${safeText(one.hold_reason)}`];
  const away = one.outages.map(
    ({ asset, kind, message, since }) =>
      `  ${kind} unavailable for ${safeText(asset)} since ${ago(since)}: ${safeText(message)}`,
  );
  const shown = one.running.slice(0, 10).map((attempt) => {
    const name = `${safeText(attempt.asset_name)} ${shortId(attempt.job_id)}`;
    return `  runs ${name} ${safeText(attempt.partition_key, { cap: 60 })} for ${ago(attempt.started_at)} (attempt ${attempt.attempt})`;
  });
  const more = one.running.length - shown.length;
  return [...onHold, ...away, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}
