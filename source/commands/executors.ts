import type { ExecutorList, ExecutorView } from '../domain/executor/executor.ts';
import { shortId } from '../domain/job/reference.ts';
import { roughDuration } from '../domain/time/duration.ts';
import { listExecutors } from '../operations/triage/list-executors.ts';
import { columns } from '../presentation/text/columns.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { isTenantVisible } from './visibility.ts';

/** `servo-tui executors`. */
export async function executors({ flags, settings, io }: Invocation): Promise<Output> {
  const list = await withSession(settings, async (session) => {
    const seen = await listExecutors(session.reader, session.tenant);
    return { ...seen, visible: await isTenantVisible(session, io, seen.executors.length > 0) };
  });
  return { json: list, text: () => asciiText(flags, textOf(list)) };
}

function textOf({ executors: all, as_of, tenant_id }: ExecutorList): string {
  if (all.length === 0) {
    return `no executor serves tenant ${safeText(tenant_id)}, nor did in the last hour — start one with: servo-tui --worker\n`;
  }
  const ago = (at: Date) => roughDuration(as_of.getTime() - at.getTime());
  const header = ['STATE', 'SINCE', 'EXECUTOR', 'SLOTS', 'VERSION', 'CATALOGUE', 'HANDLERS'];
  const lines = columns([
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
  const held = one.hold_reason === null ? [] : [`  held: ${safeText(one.hold_reason)}`];
  const away = one.outages.map(
    ({ asset, kind, message, since }) =>
      `  ${kind} unavailable for ${safeText(asset)} since ${ago(since)}: ${safeText(message)}`,
  );
  const shown = one.running.slice(0, 10).map((attempt) => {
    const name = `${safeText(attempt.asset_name)} ${shortId(attempt.job_id)}`;
    return `  runs ${name} ${safeText(attempt.partition_key, { cap: 60 })} for ${ago(attempt.started_at)} (attempt ${attempt.attempt})`;
  });
  const more = one.running.length - shown.length;
  return [...held, ...away, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}
