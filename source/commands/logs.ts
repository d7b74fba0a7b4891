import type { AttemptLog } from '../domain/partition/attempt-log.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { LogFollower, listLogs } from '../operations/reports/read-logs.ts';
import { formatDay, formatSecond, type Zone } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { readCount } from './events.ts';
import { poll } from './follow.ts';
import { readInterval } from './interval.ts';
import { openSession, type Session, withSession } from './session.ts';

const defaultLimit = 20;

/** `servo-tui logs JOB [KEY] [--follow]`. */
export async function logs(invocation: Invocation): Promise<Output | AsyncIterable<Output>> {
  const { input, flags, settings } = invocation;
  const [reference, key = null] = input;
  const zone: Zone = flags.has('utc') ? 'utc' : 'local';
  const show = (log: AttemptLog) => asciiText(flags, textOf(log, zone));
  const limit = readCount(flags.text('limit'), defaultLimit);
  if (flags.has('follow')) {
    const interval = readInterval(flags.text('interval'));
    return follow(await openSession(settings), {
      reference: reference!,
      key,
      interval,
      limit,
      show,
    });
  }
  const list = await withSession(settings, async (session) => {
    const id = await resolveJob(session.reader, session.tenant, reference!);
    return listLogs(session.reader, session.tenant, id, { key, limit });
  });
  return {
    json: list,
    text: () =>
      list.logs.length === 0
        ? `no output is kept of ${key === null ? 'its attempts' : safeText(key)}\n`
        : list.logs.map(show).join(''),
  };
}

async function* follow(
  session: Session,
  options: {
    reference: string;
    key: string | null;
    interval: number;
    limit: number;
    show: (log: AttemptLog) => string;
  },
): AsyncGenerator<Output> {
  const { reader, tenant } = session;
  try {
    const id = await resolveJob(reader, tenant, options.reference);
    // Says so at once where there is no such partition.
    await listLogs(reader, tenant, id, { key: options.key, limit: 1 });
    const follower = new LogFollower(reader, tenant, id, options.key);
    const reading = poll(() => follower.next(options.limit), options.interval);
    for await (const { as_of, tenant_id, logs: fresh } of reading) {
      for (const log of fresh)
        yield { json: { as_of, tenant_id, log }, text: () => options.show(log) };
    }
  } finally {
    await session.close();
  }
}

/** Longest output that is kept. */
const cap = 65_536;

function textOf(
  { partition_key, attempt, executor_id, at, output }: AttemptLog,
  zone: Zone,
): string {
  const key = safeText(partition_key, { cap: 300 });
  const when = `${formatDay(at, zone)} ${formatSecond(at, zone)}`;
  const text = safeText(output, { cap, lines: true }).replace(/\n+$/, '');
  return `== ${key}  attempt ${attempt}  ${when}  ${safeText(executor_id)}\n${text}\n`;
}
