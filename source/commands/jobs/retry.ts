import { withSession } from '../../app/session.ts';
import { asciiText } from '../../cli/ascii.ts';
import type { Invocation, Output } from '../../cli/command.ts';
import { resolveJob } from '../../operations/resolve-job.ts';
import { type Retried, retryJob } from '../../operations/retry-job.ts';
import { plural } from '../../presentation/format.ts';
import { safeText } from '../../presentation/safe-text.ts';

/** `servo-tui retry JOB [--partition K…]`. */
export function retry({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async (session) => {
    const [reference, ...more] = input;
    const id = await resolveJob(session.writer, session.tenant, reference!);
    const reason = flags.text('reason')?.trim() || null;
    const author = { tenant: session.tenant, actor: session.actor, reason };
    const keys = [...flags.texts('partition'), ...more];
    const { writer, thresholds } = session;
    const named = keys.length > 0 ? keys : null;
    const retried = await retryJob(writer, author, id, named, { thresholds });
    const { keys: _, ...json } = retried;
    return { json, text: () => asciiText(flags, textOf(retried)) };
  });
}

function textOf({ created, retried_partitions, job }: Retried): string {
  const name = `${safeText(job.asset_name)} ${created ? job.id : job.id.slice(0, 8)}`;
  const what = `${plural(retried_partitions, 'failed partition')} again`;
  if (created) {
    return `started ${name}: ${what}\nwatch it with: servo-tui status ${job.id.slice(0, 8)} --watch\n`;
  }
  const next =
    job.state === 'paused' ? ` — it is paused: servo-tui resume ${job.id.slice(0, 8)}` : '';
  return `retrying ${what} in ${name} (${job.state.replace('_', ' ')})${next}\n`;
}
