import { commands, consoleCommand, workerCommand } from '../commands/table.ts';
import type { Command } from './command.ts';
import { type FlagRow, globalFlags, variableOf } from './flags.ts';

/** The help of one command, from its row in the table. */
export function helpOf(command: Command): string {
  const sections = [
    `servo-tui ${command === consoleCommand ? '' : command.name} ${command.usage}`.replace(
      / +$/,
      '',
    ),
    `  ${command.summary}`,
    ...(command.also ? [`  also called ${command.also.join(', ')}`] : []),
    ...(command.flags.length > 0 ? ['', 'Flags', ...flagLines(command.flags)] : []),
    '',
    'Everywhere',
    ...flagLines(globalFlags),
    '',
    'Examples',
    ...command.examples.flatMap(([line, what]) => [
      ...(what ? [`  # ${what}`] : []),
      `  servo-tui ${line}`.trimEnd(),
    ]),
  ];
  return `${sections.join('\n')}\n`;
}

/** `servo-tui --help`. */
export function helpOfAll(): string {
  const rows: [string, string][] = [
    ['', consoleCommand.summary],
    ['--json', 'the job table, once, as JSON'],
    [workerCommand.name, workerCommand.summary],
    ...commands.map((command): [string, string] => [command.name, command.summary]),
  ];
  const sections = [
    'servo-tui: backfills on Postgres',
    '',
    'Commands',
    ...columns(rows.map(([name, summary]) => [`servo-tui ${name}`, summary])),
    '',
    'Everywhere',
    ...flagLines(globalFlags),
    '',
    'JOB is a job id or the first 4 or more characters of one. servo-tui COMMAND --help says more.',
    'The word backfill may stand before a command: servo-tui backfill pause JOB.',
  ];
  return `${sections.join('\n')}\n`;
}

function flagLines(rows: readonly FlagRow[]): string[] {
  return columns(
    rows.map((row) => {
      const names = [row.name, ...(row.also ?? [])].map((name) => `--${name}`).join(', ');
      const variable = row.variable ? ` (${variableOf(row)})` : '';
      return [row.value === undefined ? names : `${names} ${row.value}`, `${row.help}${variable}`];
    }),
  );
}

function columns(rows: readonly (readonly [string, string])[] | string[][]): string[] {
  const width = Math.max(...rows.map(([left = '']) => left.length));
  return rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
