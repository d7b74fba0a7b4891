import meow from 'meow';
import { isOn, type Variables } from '../config/choose.ts';
import { nearest } from '../domain/text/nearest.ts';
import { type Problem, UsageError } from '../errors.ts';
import { buildId, version } from '../package.ts';
import type { Command } from './command.ts';
import { type FlagRow, Flags, globalFlags, variableOf } from './flags.ts';
import { helpOf, helpOfAll } from './help.ts';
import { problemsOfInterval } from './interval.ts';
import { commands, consoleCommand, workerCommand } from './table.ts';
import { problemOfFlag, takeApart, type Words } from './words.ts';

const versionText = `${version}${buildId === null ? '' : ` (build ${buildId})`}\n`;

/** A command line that is to be run, or a text that answers it. */
export type Parsed =
  | {
      kind: 'run';
      command: Command;
      input: string[];
      flags: Flags;
      /** Flags that stand on the line itself; the others come from variables. */
      onLine: ReadonlySet<string>;
      problems: readonly Problem[];
    }
  | { kind: 'print'; text: string };

const all = [consoleCommand, workerCommand, ...commands];
const everyFlag = [...globalFlags, ...all.flatMap((command) => command.flags)];

/**
 * Reads a command line (without the program's name) and the variables of its flags, with everything
 * that is wrong with it.
 * @throws UsageError for an unknown command: there is nothing more to be said then
 */
export function parseCommandLine(argv: readonly string[], env: Variables): Parsed {
  const line = takeApart(argv, everyFlag);
  const { command, input } = findCommand(line);
  const asked = (name: string) => line.flags.some((flag) => flag.row.name === name);
  if (asked('version')) return { kind: 'print', text: versionText };
  if (asked('help')) {
    return { kind: 'print', text: command === consoleCommand ? helpOfAll() : helpOf(command) };
  }
  const problems = [
    ...line.problems,
    ...problemsOfFlags(line, command),
    ...problemsOfWords(command, input),
  ];
  const values = readWithMeow(line, command);
  const onLine = new Set(values.keys());
  for (const row of [...command.flags, ...globalFlags]) {
    if (row.variable && !onLine.has(row.name)) readVariable(row, env, values, problems);
  }
  const flags = new Flags(values);
  problems.push(...problemsOfInterval(flags.text('interval')));
  return { kind: 'run', command, input, flags, onLine, problems };
}

/** Whether the answer is to be JSON, said of a command line that may be wrong in any way. */
export function wantsJson(argv: readonly string[], env: Variables): boolean {
  const line = takeApart(argv, everyFlag);
  return isOn(env.SERVO_JSON) || line.flags.some((flag) => flag.row.name === 'json');
}

/** The optional word `backfill`, then the command's name; the rest are its words. */
function findCommand(line: Words): { command: Command; input: string[] } {
  const words = line.words[0] === 'backfill' ? line.words.slice(1) : line.words;
  const help = words[0] === 'help';
  const [name, ...input] = help ? words.slice(1) : words;
  if (help) line.flags.push({ row: { name: 'help', help: '' }, value: true });
  if (name === undefined) {
    const worker = line.flags.some((flag) => flag.row.name === 'worker');
    return { command: worker ? workerCommand : consoleCommand, input };
  }
  const command = commands.find((row) => row.name === name || row.also?.includes(name));
  if (command !== undefined) return { command, input };
  const near = nearest(
    name,
    commands.flatMap((row) => [row.name, ...(row.also ?? [])]),
  );
  throw new UsageError([
    {
      message: `unknown command "${name}"`,
      hint: near === null ? 'see: servo-tui --help' : `did you mean ${near}?`,
    },
  ]);
}

function problemsOfFlags(line: Words, command: Command): Problem[] {
  const own = [...command.flags, ...globalFlags];
  const called = command === consoleCommand ? '' : command.name;
  // Without a command `--worker` may have been meant.
  const mode = command === consoleCommand ? workerCommand.flags.slice(0, 1) : [];
  const foreign = line.flags.filter(({ row }) => !own.some((known) => known.name === row.name));
  const names = [
    ...line.unknown.map(({ name }) => name),
    ...foreign.map(({ row }) => `--${row.name}`),
  ];
  const counts = new Map<FlagRow, number>();
  for (const { row } of line.flags) counts.set(row, (counts.get(row) ?? 0) + 1);
  return [
    ...[...new Set(names)].map((name) => {
      const problem = problemOfFlag(name, called, [...own, ...mode]);
      const ofWorker = workerCommand.flags.some((row) => `--${row.name}` === name);
      return mode.length > 0 && ofWorker
        ? { ...problem, hint: `did you mean: servo-tui --worker ${name}` }
        : problem;
    }),
    ...[...counts]
      .filter(([row, count]) => count > 1 && row.value !== undefined && !row.multiple)
      .map(([row, count]) => ({ message: `--${row.name} is given ${count} times` })),
  ];
}

function problemsOfWords(command: Command, input: readonly string[]): Problem[] {
  const hint = `servo-tui ${command.name} ${command.usage}`.trimEnd();
  if (input.length < command.words.least) {
    const wanted = command.usage.split(' ', 1)[0]!.replace('…', '');
    return [{ message: `${command.name} wants ${wanted}`, hint }];
  }
  return input
    .slice(command.words.most)
    .map((word) => ({ message: `${command.name} does not take "${word}"`, hint }));
}

/** One meow for the command, with its row of the table as the description of its flags. */
function readWithMeow(line: Words, command: Command): Map<string, readonly string[] | true> {
  const rows = [...command.flags, ...globalFlags];
  const argv = line.flags.map(({ row, value }) =>
    value === true ? `--${row.name}` : `--${row.name}=${quoted(value)}`,
  );
  const { flags } = meow({
    importMeta: import.meta,
    pkg: { name: 'servo-tui' },
    argv: [...argv, '--', ...line.words],
    autoHelp: false,
    autoVersion: false,
    // A switch that is not there is absent, not false.
    booleanDefault: undefined,
    flags: Object.fromEntries(
      rows.map((row) => [
        keyOf(row),
        row.value === undefined
          ? { type: 'boolean' as const, isMultiple: true as const }
          : { type: 'string' as const, isMultiple: true as const },
      ]),
    ),
  });
  const values = new Map<string, readonly string[] | true>();
  for (const row of rows) {
    const given = flags[keyOf(row)] as string[] | boolean[] | undefined;
    if (given === undefined || given.length === 0) continue;
    values.set(row.name, row.value === undefined ? true : (given as string[]));
  }
  return values;
}

/** meow takes `--no-color` for the negation of `color`, and names flags in camel case. */
function keyOf(row: FlagRow): string {
  return row.name.replace(/^no-/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The parser below meow strips a pair of quotes: a value that stands in some gets another pair. */
function quoted(value: string): string {
  return /^(["'])[\s\S]*\1$/.test(value) ? `"${value}"` : value;
}

function readVariable(
  row: FlagRow,
  env: Variables,
  values: Map<string, readonly string[] | true>,
  problems: Problem[],
): void {
  const name = variableOf(row);
  const text = row.name === 'no-color' ? env[name] || (env.NO_COLOR && '1') : env[name];
  if (!text) return;
  if (row.value !== undefined) values.set(row.name, [text]);
  else if (isOn(text)) values.set(row.name, true);
  else if (!/^(0|false|no|off)$/i.test(text)) {
    problems.push({ message: `${name} is neither yes nor no ("${text}")`, hint: `${name}=1` });
  }
}
