import { type Retried, retryJob } from '../operations/act/retry.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { plural } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

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
