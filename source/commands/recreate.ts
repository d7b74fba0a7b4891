import { shortId } from '../domain/job/reference.ts';
import { settleJob } from '../operations/act/finalize.ts';
import { type Recreated, recreateJob } from '../operations/act/recreate.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { plural } from '../presentation/text/format.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { optionsOf, planText, startedText } from './start.ts';

/** `servo-tui recreate JOB [start's options] --reason R`. */
export function recreate({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async (session) => {
    const id = await resolveJob(session.writer, session.tenant, input[0]!);
    const author = {
      tenant: session.tenant,
      actor: session.actor,
      reason: flags.text('reason') ?? null,
    };
    const recreated = await recreateJob(session.writer, author, id, {
      ...optionsOf(flags),
      include_upstream: flags.has('include-upstream'),
      max_upstream_depth: flags.text('max-upstream-depth'),
      without_upstream: flags.has('without-upstream'),
      dry_run: flags.has('dry-run'),
      thresholds: session.thresholds,
    });
    if (recreated.created) await settleJob(session.writer, author, id);
    return { json: recreated, text: () => textOf(recreated) };
  });
}

function textOf({ job, plan, replaced }: Recreated): string {
  const old = shortId(replaced.id);
  const { in_flight } = replaced;
  const flight =
    in_flight === 0
      ? ''
      : `${plural(in_flight, 'partition')} of these still ${in_flight === 1 ? 'runs' : 'run'} in ${old}: not run again where completed there\n`;
  if (plan !== null) return `${planText(plan)}${flight}`;
  const said =
    replaced.state === 'cancelled' ? `cancelled ${old}` : `${old} stays ${replaced.state}`;
  return `${said}\n${startedText(job!)}${flight}`;
}
