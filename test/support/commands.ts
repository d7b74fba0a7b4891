import { hostOf, type Result } from '../../source/app/command.ts';
import type { Io } from '../../source/cli/io.ts';
import { parseCommandLine } from '../../source/cli/parse.ts';
import { type Spec, specsOf } from '../../source/cli/spec.ts';
import { table } from '../../source/commands/table.ts';
import { resolveSettings } from '../../source/config.ts';
import type { Problem } from '../../source/errors.ts';

/** The specs of all commands that a word names. */
export const commands: readonly Spec[] = table.named.map(({ spec }) => spec);
export const everyCommand: readonly Spec[] = specsOf(table);
export const workerCommand: Spec = table.worker.spec;

/** Everything that is wrong with a command line; with its values too, unless they are placeholders. */
export function problemsOfLine(argv: readonly string[]): readonly Problem[] {
  const parsed = parseCommandLine(argv, {}, table);
  if (parsed.kind === 'print') return [];
  const problems = [...parsed.problems];
  const isTemplate = argv.some((word) => /^[A-Z]+$/.test(word));
  if (!isTemplate) parsed.command.read(parsed.input, parsed.flags, problems);
  return problems;
}

/** Runs a command in this process, in the database of these variables. */
export async function runInProcess(
  argv: readonly string[],
  io: Io,
): Promise<{ spec: Spec; input: readonly string[]; result: Result }> {
  const parsed = parseCommandLine(argv, io.env, table);
  if (parsed.kind === 'print') throw new Error(`${argv.join(' ')} prints ${parsed.text}`);
  const { command, input, flags } = parsed;
  const problems = [...parsed.problems];
  const request = command.read(input, flags, problems);
  if (problems.length > 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(problems)}`);
  const settings = await resolveSettings({}, io.env, command.spec.needs);
  const result = await command.run(request, hostOf(flags, { table, settings, io }));
  return { spec: command.spec, input, result };
}
