import { isBypassed } from '../database/queries/read-visibility.ts';
import { describeConnection } from '../database/settings.ts';
import type { Invocation, Output } from './command.ts';
import { canPaint } from './io.ts';
import { list } from './list.ts';
import { performer } from './perform.ts';
import { type Connections, openSession, type Session } from './session.ts';
import { readInterval } from './status.ts';

/** `servo-tui`: the console; without a terminal, and with --json, the job table once. */
export async function runConsole(invocation: Invocation): Promise<Output | { exit: number }> {
  const { io, flags, settings } = invocation;
  if (flags.has('json') || !canPaint(io)) {
    if (io.terminal && !flags.has('json')) {
      io.stderr.write(
        'the console wants a terminal that TERM does not call dumb: this is the list\n',
      );
    }
    return list(invocation);
  }
  const session = await openSession(settings);
  const embedded = settings.database?.kind === 'embedded';
  return { exit: await showConsole(invocation, session, embedded) };
}

/** The console on a database that no settings name: the demonstration's. */
export async function openConsole(
  invocation: Invocation,
  connections: Connections,
  tenant: string,
): Promise<number> {
  const settings = { ...invocation.settings, tenants: [tenant] };
  return showConsole(invocation, await openSession(settings, connections), true);
}

/** Until the operator leaves it; then the session is closed. Returns the exit code. */
async function showConsole(
  { io, flags, settings }: Invocation,
  session: Session,
  embedded: boolean,
): Promise<number> {
  try {
    const rls_bypassed = await session.reader.read(session.tenant, isBypassed);
    const { runConsole: run } = await import('../tui/run-console.ts');
    return await run({
      perform: performer(session),
      labels: {
        context: settings.context,
        database: embedded
          ? session.reader.settings.database
          : describeConnection(session.reader.settings),
        tenant: session.tenant,
        embedded,
        rls_bypassed,
      },
      read_only: settings.read_only,
      stdin: io.stdin,
      stdout: io.stdout,
      interval_ms: readInterval(flags.text('interval')),
      utc: flags.has('utc'),
      ascii: flags.has('ascii'),
      color: flags.has('no-color') ? false : undefined,
      accent: settings.accent ?? undefined,
    });
  } finally {
    await session.close();
  }
}
