import type { Flags } from '../cli/flags.ts';
import type { Io } from '../cli/io.ts';
import type { Spec, Table } from '../cli/spec.ts';
import type { Output } from '../cli/writer.ts';
import type { Settings } from '../config.ts';
import type { Problem } from '../errors.ts';
import type { LogOptions } from '../observability/log.ts';
import type { Zone } from '../presentation/text/format.ts';
import type { JsonShapes, Printed } from './json-shapes.ts';
import type { Session } from './session.ts';

/** One command: what the line says of it, how its request is read, and how that is run. */
export type Command = {
  spec: Spec;
  /**
   * The shapes of what it prints with --json, by their published names (`status --watch`). Null: it
   * prints no JSON of its own.
   */
  json: (() => Promise<{ shapes: JsonShapes }>) | null;
  /**
   * Reads words and flags, which the spec allows. Adds every mistake to `problems`: the request is
   * run only where there is none. Opens and asks nothing.
   */
  read(input: readonly string[], flags: Flags, problems: Problem[]): unknown;
  /** Loads what it runs with by `import()`: no command pays for the code of the others. */
  run(request: unknown, host: Host): Promise<Result>;
};

export type Result<Json = unknown> = Output<Json> | AsyncIterable<Output<Json>> | { exit: number };

export type View = { width: number; zone: Zone; ascii: boolean };

export type Host = {
  /** All commands: completion and schema tell of them. */
  table: Table<Command>;
  settings: Settings;
  io: Io;
  view: View;
  /** `--yes`: nothing is asked. */
  yes: boolean;
  /** `--json`: nothing is asked either, and what is not confirmed is refused. */
  json: boolean;
  verbose: boolean;
  /** `--plain`: no boxes, no repainting, no colours in logs. */
  plain: boolean;
};

/** The database of the settings, opened for one command. */
export type HostSession = Host & Session;

type Typed<Request, Shapes extends JsonShapes> = {
  spec: Spec;
  json: (() => Promise<{ shapes: Shapes }>) | null;
  read(input: readonly string[], flags: Flags, problems: Problem[]): Request;
};

/** A command that opens what it needs itself. What it prints must fit its shapes. */
export function onHost<Request, Shapes extends JsonShapes>(
  command: Typed<Request, Shapes> & {
    run(request: Request, host: Host): Promise<Result<Printed<Shapes>>>;
  },
): Command {
  return command as Command;
}

/** A command on an open session, which is closed when it is done, failed, or watched to the end. */
export function onSession<Request, Shapes extends JsonShapes>(
  command: Typed<Request, Shapes> & {
    run(request: Request, session: HostSession): Promise<Result<Printed<Shapes>>>;
  },
): Command {
  const run = async (request: unknown, host: Host): Promise<Result> => {
    const { openSession } = await import('./session.ts');
    const session = await openSession(host.settings);
    let watched = false;
    try {
      const result = await command.run(request as Request, { ...host, ...session });
      if (!(Symbol.asyncIterator in result)) return result;
      watched = true;
      return untilEnd(result, session);
    } finally {
      if (!watched) await session.close();
    }
  };
  return { ...command, run } as Command;
}

async function* untilEnd<T>(all: AsyncIterable<T>, session: Session): AsyncGenerator<T> {
  try {
    yield* all;
  } finally {
    await session.close();
  }
}

export function hostOf(
  flags: Flags,
  { table, settings, io }: Pick<Host, 'table' | 'settings' | 'io'>,
): Host {
  return {
    table,
    settings,
    io,
    view: {
      width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
      zone: flags.has('utc') ? 'utc' : 'local',
      ascii: flags.has('ascii'),
    },
    yes: flags.has('yes'),
    json: flags.has('json'),
    verbose: flags.has('verbose'),
    plain: flags.has('plain'),
  };
}

/** A service's log: pretty for a person at a terminal, JSON for everything else. */
export function logOptions({ verbose, plain, json, io }: Host): LogOptions {
  return { verbose, pretty: Boolean(io.stderr.isTTY) && !plain && !json };
}
