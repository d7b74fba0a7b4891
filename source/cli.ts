import { PassThrough } from 'node:stream';
import type { Flags } from './commands/flags.ts';
import { type Io, processIo } from './commands/io.ts';
import { type Parsed, parseCommandLine, wantsJson } from './commands/parse.ts';
import { isWriting, refuseWriting } from './commands/read-only.ts';
import { catchStopSignals } from './commands/signals.ts';
import { isClosedPipe, print, write, writeError } from './commands/writer.ts';
import { resolveSettings, type SettingFlags, type Settings } from './config.ts';
import { thresholdDefaults } from './domain/triage/thresholds.ts';
import { type Problem, UsageError } from './errors.ts';

/** Runs one command line and returns its exit code. Nothing above it can throw. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let json = false;
  let verbose = false;
  try {
    json = wantsJson(argv, io.env);
    const parsed = parseCommandLine(argv, io.env);
    if (parsed.kind === 'print') {
      await print(io.stdout, parsed.text);
      return 0;
    }
    const { command, flags, input } = parsed;
    if (command.service === true) catchStopSignals();
    verbose = flags.has('verbose');
    const settings = await settle(parsed, io);
    for (const notice of settings.notices) io.stderr.write(`${notice}\n`);
    // No library and no child process may read what does not count.
    for (const name of settings.ignored) delete process.env[name];
    refuseWriting(command, flags, input, settings);
    const run = await command.load();
    const output = await run({ command, input, flags, settings, io });
    return 'json' in output || Symbol.asyncIterator in output
      ? await write(output, io, { json, acted: isWriting(command, flags, input) })
      : output.exit;
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    return writeError(error, io, { json, verbose });
  }
}

/** What is wrong with the line, with the settings and with the values of flags is told together. */
async function settle(parsed: Extract<Parsed, { kind: 'run' }>, io: Io): Promise<Settings> {
  const { flags, onLine, command } = parsed;
  const problems = [...parsed.problems];
  try {
    const settings = await resolveSettings(settingFlags(flags, onLine), io.env, command.needs);
    if (problems.length === 0) return settings;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    problems.push(...error.problems);
  }
  const told = new Set(problems.map(({ message }) => message));
  const more = await problemsOfValues(parsed, io);
  throw new UsageError([...problems, ...more.filter(({ message }) => !told.has(message))]);
}

/**
 * What the command itself finds wrong: it runs as far as it comes without settings and without asking anybody, which is before it does
 * anything. One that would read stdin is left there: what is written to it may never end. A command that needs no database could do
 * something: it is not tried.
 */
async function problemsOfValues(
  { command, input, flags }: Extract<Parsed, { kind: 'run' }>,
  io: Io,
): Promise<readonly Problem[]> {
  if (!command.needs.database) return [];
  const settings = new Proxy({ thresholds: thresholdDefaults } as Settings, {
    get: (known, name) => known[name as keyof Settings] ?? unsettled(),
  });
  const run = await command.load();
  return new Promise((resolve) => {
    const unheard = {
      ...io,
      terminal: false,
      get stdin() {
        resolve([]);
        return new PassThrough() as unknown as Io['stdin'];
      },
    };
    const tried = async () => run({ command, input, flags, settings, io: unheard });
    tried().then(
      () => resolve([]),
      (error) => resolve(error instanceof UsageError ? error.problems : []),
    );
  });
}

function unsettled(): never {
  throw new Error('the settings are not settled');
}

function settingFlags(flags: Flags, onLine: ReadonlySet<string>): SettingFlags {
  const text = (name: string) => (onLine.has(name) ? flags.text(name) : undefined);
  const on = (name: string) => (onLine.has(name) ? true : undefined);
  return {
    context: text('context'),
    tenant: text('tenant'),
    actor: text('actor'),
    embedded: on('embedded'),
    read_only: on('read-only'),
  };
}

const io = processIo();
// A write that fails says so to whoever wrote; without a listener it would also end the process.
for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {});
process.exitCode = await main(process.argv.slice(2), io);
// All is said and done: a socket or a timer that is left must not keep the process.
setTimeout(() => process.exit(), 2_000).unref();
