import type { Flags } from './commands/flags.ts';
import { type Io, processIo } from './commands/io.ts';
import { type Parsed, parseCommandLine, wantsJson } from './commands/parse.ts';
import { print, write, writeError } from './commands/writer.ts';
import { resolveSettings, type SettingFlags, type Settings } from './config.ts';
import { ServoError, UsageError } from './errors.ts';

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
    verbose = flags.has('verbose');
    const settings = await settle(parsed, io);
    for (const notice of settings.notices) io.stderr.write(`${notice}\n`);
    // No library and no child process may read what does not count.
    for (const name of settings.ignored) delete process.env[name];
    if (settings.read_only && command.writes?.(flags, input)) throw readOnly(command.name);
    const run = await command.load();
    const output = await run({ command, input, flags, settings, io });
    return 'json' in output || Symbol.asyncIterator in output
      ? await write(output, io, json)
      : output.exit;
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    return writeError(error, io, { json, verbose });
  }
}

/** What is wrong with the line and what is wrong with the settings are told together. */
async function settle(
  { flags, onLine, command, problems }: Extract<Parsed, { kind: 'run' }>,
  io: Io,
): Promise<Settings> {
  try {
    const settings = await resolveSettings(settingFlags(flags, onLine), io.env, command.needs);
    if (problems.length === 0) return settings;
  } catch (error) {
    if (problems.length === 0 || !(error instanceof UsageError)) throw error;
    throw new UsageError([...problems, ...error.problems]);
  }
  throw new UsageError(problems);
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

function readOnly(command: string): ServoError {
  return new ServoError('not_allowed', `${command} writes, and this is read-only`, {
    hint: 'leave out --read-only, unset SERVO_READ_ONLY, or choose another context',
  });
}

/** Whoever read our output has seen enough (`| head -1`): a good end. */
function isClosedPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}

const io = processIo();
// A write that fails says so to whoever wrote; without a listener it would also end the process.
for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {});
process.exitCode = await main(process.argv.slice(2), io);
