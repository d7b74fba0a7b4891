import { type HostSession, onSession, type View } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { readLimit } from '../../cli/flags.ts';
import { intervalOf } from '../../cli/interval.ts';
import { onTenant } from '../../cli/spec.ts';
import type { JobEvent } from '../../domain/job/detail.ts';
import { followFlag, limitFlag } from './follow-flags.ts';

export const events = onSession({
  spec: {
    name: 'events',
    usage: '[JOB] [--follow] [--limit 50]',
    summary: 'the journal: who did what, and which attempts did not succeed',
    flags: [followFlag, limitFlag],
    examples: [
      ['events --follow', 'of all jobs, as it is written'],
      ['events 3f2a --json', 'of one'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
  },
  json: () => import('./events-json.ts'),
  read: ([reference], flags, problems) => ({
    reference,
    limit: readLimit(flags.text('limit'), 50, problems),
    follow: flags.has('follow'),
    interval: intervalOf(flags.text('interval')),
  }),
  async run(request, session) {
    if (request.follow) return follow(request, session);
    const [{ listEvents }, { isTenantVisible }] = await Promise.all([
      import('../../operations/reports/read-events.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, view } = session;
    const id = await jobOf(request.reference, session);
    const seen = await listEvents(reader, tenant, id, request.limit);
    const list = { ...seen, visible: await isTenantVisible(session, seen.events.length > 0) };
    return {
      json: list,
      text: () => textOf(list.events, view),
    };
  },
});

async function jobOf(reference: string | undefined, { reader, tenant }: HostSession) {
  if (reference === undefined) return null;
  const { resolveJob } = await import('../../operations/jobs/resolve-job.ts');
  return resolveJob(reader, tenant, reference);
}

async function* follow(
  request: { reference: string | undefined; limit: number; interval: number },
  session: HostSession,
) {
  const [{ poll }, { EventFollower }] = await Promise.all([
    import('../../app/poll.ts'),
    import('../../operations/reports/read-events.ts'),
  ]);
  const id = await jobOf(request.reference, session);
  const follower = new EventFollower(session.reader, session.tenant, id);
  const reading = poll(() => follower.next(request.limit), request.interval);
  for await (const { as_of, tenant_id, events: fresh } of reading) {
    for (const event of fresh) {
      yield { json: { as_of, tenant_id, event }, text: () => textOf([event], session.view) };
    }
  }
}

async function textOf(events: readonly JobEvent[], view: View): Promise<string> {
  const { eventsText } = await import('./events-text.ts');
  return asciiText(view, eventsText(events, view.zone));
}
