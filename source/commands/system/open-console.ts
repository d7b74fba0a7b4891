import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import type { Host } from '../../app/command.ts';
import { Contexts } from '../../app/contexts.ts';
import type { Connections } from '../../app/session.ts';
import { hasUnicode } from '../../cli/io.ts';
import type { ConsoleRequest } from './console-flags.ts';

/**
 * V8 collects late if all cores are busy: 4,000 keys took 169 MiB without this, 129 MiB with it.
 */
const frugal = '--heap-growing-percent=50';

/**
 * Bytes of new objects after which V8's nursery stops growing: on Node 26 it grows to 64 MiB, and
 * the console took 194 to 204 MiB where it now takes 134 to 152 (docs/figures.md).
 */
const nursery = 16 * 2 ** 20;
const stopGrowing = '--semi-space-growth-factor=1';
const nurseryCheckMs = 100;

/** The nursery's size is an option of the command line alone; whether it grows can be changed. */
function keepSmall(): void {
  setFlagsFromString(frugal);
  const check = setInterval(() => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (space !== undefined && space.space_size < nursery) return;
    setFlagsFromString(stopGrowing);
    clearInterval(check);
  }, nurseryCheckMs);
  check.unref();
}

/**
 * Until the operator leaves; then the sessions are closed. Returns the exit code.
 * @param connections of a database that no settings name: the demonstration's
 */
export async function openConsole(
  request: ConsoleRequest,
  host: Host,
  connections?: Connections,
): Promise<number> {
  if (!host.plain) keepSmall();
  const [contexts, run] = await Promise.all([
    Contexts.open(host, connections),
    host.plain ? loadPlain() : loadPainted(),
  ]);
  try {
    return await run(request, host, contexts);
  } finally {
    await contexts.close();
  }
}

type Run = (request: ConsoleRequest, host: Host, contexts: Contexts) => Promise<number>;

async function loadPlain(): Promise<Run> {
  const { runPlain } = await import('./plain-console.ts');
  return ({ interval_ms }, { io, view }, { view: { labels, read_only }, runEffect }) =>
    runPlain(io, {
      perform: runEffect,
      ascii: view.ascii || !hasUnicode(io),
      begin: { labels, read_only, zone: view.zone, interval_ms },
    });
}

async function loadPainted(): Promise<Run> {
  const { runConsole } = await import('../../console/app/run-console.ts');
  return ({ interval_ms, color, light }, { io, view }, contexts) =>
    runConsole({
      ...contexts.view,
      perform: contexts.runEffect,
      keys: contexts.keys,
      contexts: contexts.contexts,
      leads: contexts.leads,
      tenants: contexts.tenants,
      stdin: io.stdin,
      stdout: io.stdout,
      interval_ms,
      utc: view.zone === 'utc',
      ascii: view.ascii || !hasUnicode(io),
      color: color ? undefined : false,
      light,
    });
}
