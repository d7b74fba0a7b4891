import { type FlagRow, globalFlags, variableOf } from './flags.ts';
import { type Spec, type Table, titleOf } from './spec.ts';

export function helpOf(command: Spec): string {
  const sections = [
    `${titleOf(command)} ${command.usage}`.trimEnd(),
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

export function helpOfAll({ console, worker, named }: Table<{ spec: Spec }>): string {
  const rows: [string, string][] = [
    ['', console.spec.summary],
    ['--json', 'the job table, once, as JSON'],
    [worker.spec.name, worker.spec.summary],
    ...named.map(({ spec }): [string, string] => [spec.name, spec.summary]),
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
