import { shortId } from '../domain/job/reference.ts';
import { describeChanges } from '../domain/job/settings.ts';
import { type SetResult, setJob } from '../operations/act/set.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui set JOB …`, also called update-sla and set-priority. */
export function set({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async (session) => {
    const id = await resolveJob(session.writer, session.tenant, input[0]!);
    const reason = flags.text('reason')?.trim() || null;
    const author = { tenant: session.tenant, actor: session.actor, reason };
    const wanted = {
      priority: flags.text('priority'),
      deadline: flags.text('deadline'),
      parallel: flags.text('parallel'),
      max_attempts: flags.text('max-attempts'),
      timeout: flags.text('timeout'),
    };
    const { writer, thresholds } = session;
    const result = await setJob(writer, author, id, wanted, undefined, thresholds);
    return { json: result, text: () => asciiText(flags, textOf(result)) };
  });
}

function textOf({ changes, job }: SetResult): string {
  const name = `${safeText(job.asset_name)} ${shortId(job.id)}`;
  return changes.length === 0
    ? `${name} already has these settings\n`
    : `set ${name}: ${describeChanges(changes)}\n`;
}
