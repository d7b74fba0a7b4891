import type { JobEvent } from '../domain/job/detail.ts';
import { shortId } from '../domain/job/reference.ts';
import { UsageError } from '../errors.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { EventFollower, listEvents } from '../operations/reports/read-events.ts';
import { eventCells } from '../presentation/report/event-cells.ts';
import { toAscii } from '../presentation/text/ascii.ts';
import { formatDay, formatSecond, type Zone } from '../presentation/text/format.ts';
import type { Invocation, Output } from './command.ts';
import { poll } from './follow.ts';
import { readInterval } from './interval.ts';
import { openSession, type Session, withSession } from './session.ts';
import { isTenantVisible } from './visibility.ts';

const defaultLimit = 50;

type Options = { zone: Zone; ascii: boolean; limit: number };

/** `servo-tui events [JOB] [--follow]`. */
export async function events(invocation: Invocation): Promise<Output | AsyncIterable<Output>> {
  const { input, flags, settings, io } = invocation;
  const options: Options = {
    zone: flags.has('utc') ? 'utc' : 'local',
    ascii: flags.has('ascii'),
    limit: readCount(flags.text('limit'), defaultLimit),
  };
  if (flags.has('follow')) {
    const interval = readInterval(flags.text('interval'));
    return follow(await openSession(settings), input[0], interval, options);
  }
  const list = await withSession(settings, async (session) => {
    const { reader, tenant } = session;
    const seen = await listEvents(reader, tenant, await jobOf(session, input[0]), options.limit);
    return { ...seen, visible: await isTenantVisible(session, io, seen.events.length > 0) };
  });
  return {
    json: list,
    text: () =>
      list.events.length === 0
        ? 'nothing is in the journal\n'
        : list.events.map((event) => lineOf(event, options)).join(''),
  };
}

/** `--limit`. @throws UsageError */
export function readCount(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 10_000) return count;
  throw new UsageError([
    { message: `--limit ${text} is no number of them`, hint: 'a whole number from 1 to 10000' },
  ]);
}

async function jobOf(session: Session, reference: string | undefined): Promise<string | null> {
  return reference === undefined ? null : resolveJob(session.reader, session.tenant, reference);
}

async function* follow(
  session: Session,
  reference: string | undefined,
  interval: number,
  options: Options,
): AsyncGenerator<Output> {
  try {
    const follower = new EventFollower(
      session.reader,
      session.tenant,
      await jobOf(session, reference),
    );
    for await (const { as_of, tenant_id, events: fresh } of poll(
      () => follower.next(options.limit),
      interval,
    )) {
      for (const event of fresh)
        yield { json: { as_of, tenant_id, event }, text: () => lineOf(event, options) };
    }
  } finally {
    await session.close();
  }
}

function lineOf(event: JobEvent, { zone, ascii }: Options): string {
  const words = eventCells(event)
    .map((cell) => cell.text)
    .join('');
  const at = `${formatDay(event.at, zone)} ${formatSecond(event.at, zone)}`;
  const line = `${at}  ${shortId(event.job_id)}  ${words}\n`;
  return ascii ? toAscii(line) : line;
}
