import { type Command, hostOf } from './app/command.ts';
import type { Flags } from './cli/flags.ts';
import { type Io, processIo } from './cli/io.ts';
import { closeLostTerminals, standardTerminals } from './cli/lost-terminal.ts';
import { type Parsed, parseCommandLine, wantsJson } from './cli/parse.ts';
import { isWriting, refuseWriting } from './cli/read-only.ts';
import { catchStopSignals } from './cli/signals.ts';
import { isClosedPipe, printResult, write, writeError } from './cli/writer.ts';
import { table } from './commands/table.ts';
import { resolveSettings, type SettingFlags, type Settings } from './config.ts';
import { type Problem, UsageError } from './errors.ts';

/** Runs one command line and returns its exit code. It never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let json = false;
  let verbose = false;
  try {
    json = wantsJson(argv, io.env, table);
    const parsed = parseCommandLine(argv, io.env, table);
    if (parsed.kind === 'print') {
      await printResult(io, parsed.text, false);
      return 0;
    }
    const { command, flags, input } = parsed;
    if (command.spec.service === true) catchStopSignals();
    verbose = flags.has('verbose');
    const { request, settings } = await read(parsed, io);
    for (const notice of settings.notices) io.stderr.write(`${notice}\n`);
    // No library and no child process may read what does not count.
    for (const name of settings.ignored) delete process.env[name];
    refuseWriting(command.spec, flags, input, settings);
    const result = await command.run(request, hostOf(flags, { table, settings, io }));
    return 'json' in result || Symbol.asyncIterator in result
      ? await write(result, io, { json, acted: isWriting(command.spec, flags, input) })
      : result.exit;
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    return writeError(error, io, { json, verbose });
  }
}

/**
 * Reads the command's request and the settings.
 * @throws UsageError with everything that is wrong with the line, the settings and the request
 */
async function read(
  { command, input, flags, onLine, problems }: Extract<Parsed<Command>, { kind: 'run' }>,
  io: Io,
): Promise<{ request: unknown; settings: Settings }> {
  const wrong: Problem[] = [];
  const request = command.read(input, flags, wrong);
  const resolving = resolveSettings(settingFlags(flags, onLine), io.env, command.spec.needs);
  const settings = await resolving.catch((error: unknown) => {
    if (error instanceof UsageError) return error.problems;
    throw error;
  });
  const ofSettings = 'actor' in settings ? [] : settings;
  const all = [...problems, ...ofSettings, ...wrong];
  if ('actor' in settings && all.length === 0) return { request, settings };
  const told = new Map(all.map((problem) => [problem.message, problem]));
  throw new UsageError([...told.values()]);
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

const terminals = standardTerminals();
process.on('exit', () => closeLostTerminals(terminals));
const io = processIo();
// A failing write tells who wrote; without a listener it would also end the process.
for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {});
process.exitCode = await main(process.argv.slice(2), io);
// A socket or a timer that is left must not keep the process.
setTimeout(() => process.exit(), 2_000).unref();
