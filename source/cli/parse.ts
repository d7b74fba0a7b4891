import meow from 'meow';
import { isOn } from '../config/choose.ts';
import type { Variables } from '../config/variables.ts';
import { nearest } from '../domain/text/nearest.ts';
import { type Problem, UsageError } from '../errors.ts';
import { buildId, version } from '../package.ts';
import { endingFlags, type FlagRow, Flags, globalFlags, variableOf } from './flags.ts';
import { helpOf, helpOfAll } from './help.ts';
import { problemsOfInterval } from './interval.ts';
import { problemOfFlag, type ScannedLine, scanLine } from './scan-line.ts';
import { type Spec, specsOf, type Table, titleOf } from './spec.ts';

const versionText = `${version}${buildId === null ? '' : ` (build ${buildId})`}\n`;

export type Parsed<C> =
  | {
      kind: 'run';
      command: C;
      input: readonly string[];
      flags: Flags;
      /** Flags from the command line itself; the others come from variables. */
      onLine: ReadonlySet<string>;
      problems: readonly Problem[];
    }
  | { kind: 'print'; text: string };

/**
 * Collects every mistake. @throws UsageError for an unknown command, whose flags cannot be checked
 */
export function parseCommandLine<C extends { spec: Spec }>(
  argv: readonly string[],
  env: Variables,
  table: Table<C>,
): Parsed<C> {
  const line = scanLine(argv, everyFlag(table));
  const command = findCommand(line, table);
  const { spec } = command;
  const { input, values, help } = readWithMeow(line, spec, table);
  if (values.has('version')) return { kind: 'print', text: versionText };
  if (values.has('help')) return { kind: 'print', text: help };
  const problems = [
    ...line.problems,
    ...problemsOfFlags(line, spec, table),
    ...problemsOfWords(spec, input),
  ];
  const onLine = new Set(values.keys());
  for (const row of [...spec.flags, ...globalFlags]) {
    if (row.variable && !onLine.has(row.name)) readVariable(row, env, values, problems);
  }
  const flags = new Flags(values);
  problems.push(...problemsOfInterval(flags.text('interval')));
  return { kind: 'run', command, input, flags, onLine, problems };
}

export function wantsJson(
  argv: readonly string[],
  env: Variables,
  table: Table<{ spec: Spec }>,
): boolean {
  return isOn(env.SERVO_JSON) || scanLine(argv, everyFlag(table)).given.includes('json');
}

function everyFlag(table: Table<{ spec: Spec }>): FlagRow[] {
  return [...globalFlags, ...specsOf(table).flatMap(({ flags }) => flags)];
}

function findCommand<C extends { spec: Spec }>({ name, given }: ScannedLine, table: Table<C>): C {
  if (name === undefined) return given.includes('worker') ? table.worker : table.console;
  const found = table.named.find(({ spec }) => spec.name === name || spec.also?.includes(name));
  if (found !== undefined) return found;
  const names = table.named.flatMap(({ spec }) => [spec.name, ...(spec.also ?? [])]);
  const near = nearest(name, names);
  const hint = near === null ? 'see: servo-tui --help' : `did you mean ${near}?`;
  throw new UsageError([{ message: `unknown command "${name}"`, hint }]);
}

type Values = Map<string, readonly string[] | true>;

/** The only call of meow: returns the command's words, the values of its flags, and its help. */
function readWithMeow(line: ScannedLine, spec: Spec, table: Table<{ spec: Spec }>) {
  const rows = [...spec.flags, ...globalFlags, ...endingFlags];
  const { input, flags, help } = meow(
    spec === table.console.spec ? helpOfAll(table) : helpOf(spec),
    {
      importMeta: import.meta,
      pkg: { name: 'servo-tui', version },
      argv: [...line.argv, '--', ...line.words],
      description: false,
      helpIndent: 0,
      // meow ends the process on either flag, but only if it is the whole command line.
      autoHelp: false,
      autoVersion: false,
      // A switch that was not given is absent, not false.
      booleanDefault: undefined,
      flags: Object.fromEntries(
        rows.map((row) => [
          keyOf(row),
          row.value === undefined
            ? { type: 'boolean' as const }
            : // All values of a flag, so that one given twice is told with the other mistakes.
              { type: 'string' as const, isMultiple: true as const },
        ]),
      ),
    },
  );
  const values: Values = new Map();
  for (const row of rows) {
    const value: unknown = flags[keyOf(row)];
    if (Array.isArray(value) ? value.length > 0 : value !== undefined) {
      values.set(row.name, Array.isArray(value) ? value : true);
    }
  }
  return { input, values, help: help.replace(/^\n/, '') };
}

/** meow reads `--no-color` as the negation of `color`, and names flags in camel case. */
function keyOf({ name }: FlagRow): string {
  return name.replace(/^no-/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function problemsOfFlags(line: ScannedLine, spec: Spec, table: Table<{ spec: Spec }>): Problem[] {
  const own = [...spec.flags, ...globalFlags];
  // Without a command, the user may have meant `--worker`.
  const worker = spec === table.console.spec ? table.worker.spec.flags : [];
  const isOwn = (name: string) => [...own, ...endingFlags].some((row) => row.name === name);
  const foreign = line.given.filter((name) => !isOwn(name)).map((name) => `--${name}`);
  const counts = new Map<string, number>();
  for (const name of line.given) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [
    ...[...new Set([...line.unknown, ...foreign])].map((name) =>
      worker.some((row) => `--${row.name}` === name)
        ? {
            message: `servo-tui has no flag ${name}`,
            hint: `did you mean: servo-tui --worker ${name}`,
          }
        : problemOfFlag(name, titleOf(spec), [...own, ...worker.slice(0, 1)]),
    ),
    ...own
      .filter((row) => row.value !== undefined && !row.multiple && (counts.get(row.name) ?? 0) > 1)
      .map(({ name }) => ({ message: `--${name} is given ${counts.get(name)} times` })),
  ];
}

function problemsOfWords(spec: Spec, input: readonly string[]): Problem[] {
  const hint = `${titleOf(spec)} ${spec.usage}`.trimEnd();
  if (input.length < spec.words.least) {
    const missing = spec.usage.split(' ', 1)[0]!.replace('…', '');
    return [{ message: `${spec.name}: missing argument ${missing}`, hint }];
  }
  return input
    .slice(spec.words.most)
    .map((word) => ({ message: `${spec.name} does not take "${word}"`, hint }));
}

function readVariable(row: FlagRow, env: Variables, values: Values, problems: Problem[]): void {
  const name = variableOf(row);
  const text = row.name === 'no-color' ? env[name] || (env.NO_COLOR && '1') : env[name];
  if (!text) return;
  if (row.value !== undefined) values.set(row.name, [text]);
  else if (isOn(text)) values.set(row.name, true);
  else if (!/^(0|false|no|off)$/i.test(text)) {
    problems.push({ message: `invalid ${name} "${text}": expected yes or no`, hint: `${name}=1` });
  }
}
