import { type HostSession, onSession, type View } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { readLimit } from '../../cli/flags.ts';
import { intervalOf } from '../../cli/interval.ts';
import { onTenant } from '../../cli/spec.ts';
import type { AttemptLog } from '../../domain/partition/attempt-log.ts';
import { formatDay, formatSecond } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { followFlag, limitFlag } from './follow-flags.ts';

type Request = {
  reference: string;
  key: string | null;
  limit: number;
  follow: boolean;
  interval: number;
};

export const logs = onSession({
  spec: {
    name: 'logs',
    usage: 'JOB [KEY] [--follow] [--limit 20]',
    summary: 'what the newest attempt of each partition printed, from whichever host',
    flags: [followFlag, limitFlag],
    examples: [
      ['logs 3f2a 2024-01-31', 'of one partition'],
      ['logs 3f2a --follow', 'of all, as they end'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 2 },
  },
  json: () => import('./logs-json.ts'),
  read: ([reference = '', key], flags, problems): Request => ({
    reference,
    key: key ?? null,
    limit: readLimit(flags.text('limit'), 20, problems),
    follow: flags.has('follow'),
    interval: intervalOf(flags.text('interval')),
  }),
  async run(request, session) {
    if (request.follow) return follow(request, session);
    const [{ listLogs }, { resolveJob }] = await Promise.all([
      import('../../operations/reports/read-logs.ts'),
      import('../../operations/jobs/resolve-job.ts'),
    ]);
    const { reader, tenant, view } = session;
    const { key, limit } = request;
    const id = await resolveJob(reader, tenant, request.reference);
    const list = await listLogs(reader, tenant, id, { key, limit });
    const of = key === null ? 'its attempts' : safeText(key);
    return {
      json: list,
      text: () =>
        asciiText(
          view,
          list.logs.length === 0
            ? `no output is stored of ${of}\n`
            : list.logs.map((log) => textOf(log, view)).join(''),
        ),
    };
  },
});

async function* follow({ reference, key, limit, interval }: Request, session: HostSession) {
  const [{ poll }, { LogFollower, listLogs }, { resolveJob }] = await Promise.all([
    import('../../app/poll.ts'),
    import('../../operations/reports/read-logs.ts'),
    import('../../operations/jobs/resolve-job.ts'),
  ]);
  const { reader, tenant, view } = session;
  const id = await resolveJob(reader, tenant, reference);
  // Fails at once if there is no such partition.
  await listLogs(reader, tenant, id, { key, limit: 1 });
  const follower = new LogFollower(reader, tenant, id, key);
  for await (const { as_of, tenant_id, logs: fresh } of poll(
    () => follower.next(limit),
    interval,
  )) {
    for (const log of fresh)
      yield { json: { as_of, tenant_id, log }, text: () => asciiText(view, textOf(log, view)) };
  }
}

const cap = 65_536;

function textOf(log: AttemptLog, { zone }: View): string {
  const key = safeText(log.partition_key, { cap: 300 });
  const when = `${formatDay(log.at, zone)} ${formatSecond(log.at, zone)}`;
  const output = safeText(log.output, { cap, lines: true }).replace(/\n+$/, '');
  const heading = `== ${key}  attempt ${log.attempt}  ${when}  ${safeText(log.executor_id)}`;
  return `${heading}\n${output}\n`;
}
