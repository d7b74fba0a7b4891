import { setFlagsFromString } from 'node:v8';
import { Places } from '../../app/contexts.ts';
import type { Connections } from '../../app/session.ts';
import type { Invocation, Output } from '../../cli/command.ts';
import { readInterval } from '../../cli/interval.ts';
import { canPaint, hasUnicode } from '../../cli/io.ts';
import { UsageError } from '../../errors.ts';
import { list } from '../jobs/list.ts';

/** Whether a person sits there: at a terminal that can be painted, or that lines are enough for. */
export function isWatched({ io, flags }: Invocation): boolean {
  return !flags.has('json') && (canPaint(io) || (flags.has('plain') && io.terminal));
}

/** `servo-tui`: the console; without a terminal, and with --json, the job table once. */
export async function runConsole(invocation: Invocation): Promise<Output | { exit: number }> {
  const { io, flags } = invocation;
  if (!isWatched(invocation)) {
    if (io.terminal && !flags.has('json')) {
      io.stderr.write(
        'the console wants a terminal that TERM does not call dumb: this is the list (--plain follows the jobs in lines)\n',
      );
    }
    return list(invocation);
  }
  return { exit: await show(invocation) };
}

/** The console on a database that no settings name: the demonstration's. */
export async function openConsole(
  invocation: Invocation,
  connections: Connections,
  tenant: string,
): Promise<number> {
  const settings = { ...invocation.settings, database: null, tenants: [tenant] };
  return show({ ...invocation, settings }, connections);
}

function show(invocation: Invocation, connections?: Connections): Promise<number> {
  return (invocation.flags.has('plain') ? showPlain : showConsole)(invocation, connections);
}

/** With `--plain`: the console in lines, for a screen reader and for any terminal. */
async function showPlain(invocation: Invocation, connections?: Connections): Promise<number> {
  const { io, flags } = invocation;
  const places = await Places.open(invocation, connections);
  try {
    const { runPlain } = await import('./plain-console.ts');
    const { labels, read_only } = places.view;
    return await runPlain(io, {
      perform: places.perform,
      ascii: flags.has('ascii') || !hasUnicode(io),
      begin: {
        tenant: labels.tenant,
        read_only,
        zone: flags.has('utc') ? 'utc' : 'local',
        interval_ms: readInterval(flags.text('interval')),
      },
    });
  } finally {
    await places.close();
  }
}

/** Undefined where the terminal is to be asked. @throws UsageError */
function readBackground(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'dark' || text === 'light') return text === 'light';
  throw new UsageError([
    { message: `"${text}" is no background (--background)`, hint: 'dark or light' },
  ]);
}

/**
 * What is alive in a console is 20 MiB. Where every core is wanted V8 puts off collecting until there are 100: beside each other for 4,000
 * keys under such a load, one console came to 169 MiB with 13 full collections, and one with this to 129 with 47.
 */
const frugal = '--heap-growing-percent=50';

/** Until the operator leaves it; then the sessions are closed. Returns the exit code. */
async function showConsole(invocation: Invocation, connections?: Connections): Promise<number> {
  const { io, flags } = invocation;
  setFlagsFromString(frugal);
  const [places, { runConsole: run }] = await Promise.all([
    Places.open(invocation, connections),
    loadConsole(),
  ]);
  try {
    return await run({
      ...places.view,
      perform: places.perform,
      keys: places.keys,
      contexts: places.contexts,
      tenants: places.tenants,
      stdin: io.stdin,
      stdout: io.stdout,
      interval_ms: readInterval(flags.text('interval')),
      utc: flags.has('utc'),
      ascii: flags.has('ascii') || !hasUnicode(io),
      color: flags.has('no-color') ? false : undefined,
      light: readBackground(flags.text('background')),
    });
  } finally {
    await places.close();
  }
}

/** The console's own code, and behind it Ink's: while the database is asked for its first answer. */
async function loadConsole() {
  const tui = await import('../../tui/run-console.ts');
  // What is wrong with it is told by whoever waits for it.
  tui.loadPicture().catch(() => {});
  return tui;
}
