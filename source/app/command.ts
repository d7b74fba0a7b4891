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

export type Command = {
  spec: Spec;
  /**
   * The shapes of its --json output, by their published names (`status --watch`); null if it prints
   * no JSON of its own.
   */
  json: (() => Promise<{ shapes: JsonShapes }>) | null;
  /**
   * Adds every mistake to `problems`; the request runs only if there are none. Opens no connection.
   */
  read(input: readonly string[], flags: Flags, problems: Problem[]): unknown;
  /** Loads its code by `import()`, so that no command pays for the code of the others. */
  run(request: unknown, host: Host): Promise<Result>;
};

export type Result<Json = unknown> = Output<Json> | AsyncIterable<Output<Json>> | { exit: number };

export type View = { width: number; zone: Zone; ascii: boolean };

export type Host = {
  table: Table<Command>;
  settings: Settings;
  io: Io;
  view: View;
  yes: boolean;
  /** `--json`: no prompts; actions without `--yes` are refused. */
  json: boolean;
  verbose: boolean;
  plain: boolean;
};

export type HostSession = Host & Session;

type Typed<Request, Shapes extends JsonShapes> = {
  spec: Spec;
  json: (() => Promise<{ shapes: Shapes }>) | null;
  read(input: readonly string[], flags: Flags, problems: Problem[]): Request;
};

export function onHost<Request, Shapes extends JsonShapes>(
  command: Typed<Request, Shapes> & {
    run(request: Request, host: Host): Promise<Result<Printed<Shapes>>>;
  },
): Command {
  return command as Command;
}

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

export function logOptions({ verbose, plain, json, io }: Host): LogOptions {
  return { verbose, pretty: Boolean(io.stderr.isTTY) && !plain && !json };
}
