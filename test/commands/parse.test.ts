import { describe, expect, test } from 'vitest';
import { globalFlags, variableOf } from '../../source/cli/flags.ts';
import { parseCommandLine, wantsJson } from '../../source/cli/parse.ts';
import { table } from '../../source/commands/table.ts';
import { commands, problemsOfLine, workerCommand } from '../support/commands.ts';

const parse = (line: string | string[], env: Record<string, string> = {}) => {
  const parsed = parseCommandLine(
    typeof line === 'string' ? line.split(' ').filter(Boolean) : line,
    env,
    table,
  );
  if (parsed.kind !== 'run') throw new Error(`it prints ${parsed.text}`);
  return parsed;
};
const printed = (line: string) => {
  const parsed = parseCommandLine(line.split(' '), {}, table);
  if (parsed.kind !== 'print') throw new Error('it runs');
  return parsed.text;
};
const problemsOf = (line: string, env: Record<string, string> = {}) => {
  const { problems } = parse(line, env);
  expect(problems).not.toEqual([]);
  return problems;
};

describe('which command', () => {
  test.each([
    ['', 'console'],
    ['--json', 'console'],
    ['backfill', 'console'],
    ['--worker', '--worker'],
    ['list', 'list'],
    ['backfill list', 'list'],
    ['--tenant acme list', 'list'],
    ['--json backfill --tenant acme pause 3f2a', 'pause'],
    ['--reason pause cancel 3f2a', 'cancel'],
    ['cancel 3f2a --reason', 'cancel'],
  ])('%j is %s', (line, name) => {
    const words = line.split(' ').filter(Boolean);
    if (line.endsWith('--reason')) words.push('a reason with spaces');
    expect(parse(words).command.spec.name).toBe(name);
  });

  test('flags may stand anywhere', () => {
    for (const line of [
      '--tenant t pause 3f2a --reason r',
      'pause --reason r 3f2a --tenant t',
      '--reason=r --tenant=t pause 3f2a',
    ]) {
      const { command, input, flags } = parse(line);
      expect([command.spec.name, input, flags.text('reason'), flags.text('tenant')]).toEqual([
        'pause',
        ['3f2a'],
        'r',
        't',
      ]);
    }
  });

  test('--status is --state', () => {
    expect(parse('list --status running').flags.texts('state')).toEqual(['running']);
  });

  test('what comes after -- is a word', () => {
    expect(parse('start -- --asset').input).toEqual(['--asset']);
  });

  test('an unknown command: the nearest', () => {
    expect(() => parse('paues 3f2a')).toThrow(
      expect.objectContaining({ message: 'unknown command "paues"', hint: 'did you mean pause?' }),
    );
    expect(() => parse('xyzzyx')).toThrow(
      expect.objectContaining({ hint: 'see: servo-tui --help' }),
    );
  });
});

describe('flags', () => {
  test('a switch that is not given is absent', () => {
    const { flags, onLine } = parse('list');
    for (const row of globalFlags) expect(flags.has(row.name), row.name).toBe(false);
    expect([...onLine]).toEqual([]);
  });

  test('values keep their characters', () => {
    for (const value of [
      '"quoted"',
      "'quoted'",
      '-1',
      '- because',
      'a=b',
      '',
      'two words',
      '007',
      'ünï',
      '`$x`',
    ]) {
      expect(parse(['cancel', '3f2a', `--reason=${value}`]).flags.text('reason'), value).toBe(
        value,
      );
      if (!value.startsWith('--')) {
        expect(parse(['cancel', '3f2a', '--reason', value]).flags.text('reason'), value).toBe(
          value,
        );
      }
    }
  });

  test('a negative number is a value, - is a file', () => {
    const { flags } = parse('start orders --priority -5 --partitions-file -');
    expect([flags.text('priority'), flags.text('partitions-file')]).toEqual(['-5', '-']);
  });

  // meow alone would take each of these for something else.
  test.each([
    [
      ['status', '007', '1e3', '0x10', '"q"', "'q'"],
      ['007', '1e3', '0x10', '"q"', "'q'"],
    ],
    [
      ['list', '--utc', 'true', '-5', '-'],
      ['true', '-5', '-'],
    ],
    [
      ['list', '--', '--utc', 'help'],
      ['--utc', 'help'],
    ],
  ])('words stay as they are: %j', (line, words) => {
    expect(parse(line).input).toEqual(words);
  });

  test.each([
    [['list', '--sort', '-asset'], 'sort', ['-asset']],
    [['risk', '--extend', '-30m'], 'extend', ['-30m']],
    [['cancel', '3f2a', '--reason', '-h'], 'reason', ['-h']],
    [['cancel', '3f2a', '--reason='], 'reason', ['']],
    [['cancel', '3f2a', '-reason', 'x'], 'reason', ['x']],
    [['list', '--asset', '"a,b"', '--asset="c,d"'], 'asset', ['"a,b"', '"c,d"']],
  ])('values stay as they are: %j', (line, flag, values) => {
    const { flags, problems } = parse(line);
    expect([flags.texts(flag), problems]).toEqual([values, []]);
  });

  test.each([['--__proto__=1'], ['--constructor'], ['--no-json'], ['--color'], ['--reason.x']])(
    '%s is no flag of list',
    (flag) => {
      expect(problemsOf(`list ${flag}`)[0]!.message).toBe(
        `list has no flag ${flag.split('=', 1)[0]}`,
      );
    },
  );

  test('--no-color is a flag of its own', () => {
    expect(parse('list --no-color').flags.has('no-color')).toBe(true);
    expect(parse('list', { NO_COLOR: '1' }).flags.has('no-color')).toBe(true);
    expect(parse('list', { NO_COLOR: '' }).flags.has('no-color')).toBe(false);
  });

  test('a switch may say yes or no', () => {
    expect(parse('list --json=true').flags.has('json')).toBe(true);
    expect(parse('list --json=false').flags.has('json')).toBe(false);
    expect(problemsOf('list --json=maybe')[0]!.message).toContain('--json takes no value');
  });

  test.each([
    ['list --staet running', 'list has no flag --staet', 'did you mean --state?'],
    ['list --reason r', 'list has no flag --reason', 'see: servo-tui list --help'],
    ['--wacth', 'servo-tui has no flag --wacth', 'see: servo-tui --help'],
    ['--wokrer', 'servo-tui has no flag --wokrer', 'did you mean --worker?'],
    ['--worker --watch', '--worker has no flag --watch', 'see: servo-tui --worker --help'],
    ['list -x', 'list has no flag -x', 'see: servo-tui list --help'],
    ['list --limit', '--limit needs a value', '--limit N'],
    ['list --limit --json', '--limit needs a value', '--limit N'],
    ['list --limit 1 --limit 2', '--limit is given 2 times', undefined],
    ['status', 'status: missing argument JOB', 'servo-tui status JOB [--watch] | JOB… --watch'],
    ['explain a b', 'explain does not take "b"', 'servo-tui explain JOB [--exit-code]'],
    ['pause', 'pause: missing argument JOB', 'servo-tui pause JOB… [--reason R] [--dry-run]'],
    ['embedded', 'embedded: missing argument stop', 'servo-tui embedded stop | status | reset'],
  ])('%s', (line, message, hint) => {
    expect(problemsOf(line)[0]).toEqual(hint === undefined ? { message } : { message, hint });
  });

  // The hint was "did you mean --h?".
  test('a flag of the worker without --worker', () => {
    expect(problemsOf('--handlers dir')).toEqual([
      {
        message: 'servo-tui has no flag --handlers',
        hint: 'did you mean: servo-tui --worker --handlers',
      },
    ]);
  });

  // `list --interval abc` was taken as if nothing had been said.
  test('an invalid interval is a mistake also if nothing is read twice', () => {
    expect(problemsOf('list --interval abc --limt 3').map(({ message }) => message)).toEqual([
      'list has no flag --limt',
      'invalid --interval "abc": expected 100ms to 1h, e.g. 2s',
    ]);
    expect(problemsOf('list', { SERVO_INTERVAL: '1ms' })).toHaveLength(1);
    expect(parse('list --interval 500ms').problems).toEqual([]);
  });

  test('all mistakes of a line are reported together', () => {
    const problems = problemsOf('status --foo --interval --reason x', { SERVO_UTC: 'perhaps' });
    expect(problems.map((problem) => problem.message)).toEqual([
      '--interval needs a value',
      'status has no flag --foo',
      'status has no flag --reason',
      'status: missing argument JOB',
      'invalid SERVO_UTC "perhaps": expected yes or no',
    ]);
  });
});

describe('variables', () => {
  test('every global flag has one', () => {
    for (const row of globalFlags) {
      const value = row.value === undefined ? '1' : 'x';
      expect(parse('list', { [variableOf(row)]: value }).flags.has(row.name), row.name).toBe(true);
    }
    expect(globalFlags.map(variableOf)).toContain('SERVO_READ_ONLY');
  });

  test("a worker's flags have one too", () => {
    expect(parse('--worker', { SERVO_SLOTS: '3' }).flags.text('slots')).toBe('3');
  });

  test('the line overrides variables, and 0 is no', () => {
    expect(parse('list --interval 2s', { SERVO_INTERVAL: '5s' }).flags.text('interval')).toBe('2s');
    expect(parse('list', { SERVO_JSON: '0' }).flags.has('json')).toBe(false);
    expect([
      wantsJson(['--nonsense', '--json'], {}, table),
      wantsJson([], { SERVO_JSON: '1' }, table),
      wantsJson([], {}, table),
    ]).toEqual([true, true, false]);
  });
});

describe('help', () => {
  test.each(commands.map((command) => [command.name, command] as const))(
    'of %s names its flags and has examples',
    (name, command) => {
      const text = printed(`${name} --help`);
      for (const flag of [...command.flags, ...globalFlags])
        expect(text).toContain(`--${flag.name}`);
      expect(text).toContain('Examples');
      expect(text).toContain(command.summary);
      expect(command.examples.length).toBeGreaterThan(0);
    },
  );

  test.each(
    [...commands, workerCommand].flatMap((command) => command.examples.map(([line]) => line)),
  )('the example %j is a command line', (line) => {
    const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
      (match) => match[1] ?? match[2] ?? match[3]!,
    );
    const end = words.findIndex((word) => word === '|' || word === '>' || word === '&&');
    expect(problemsOfLine(end < 0 ? words : words.slice(0, end))).toEqual([]);
  });

  test('of everything names every command', () => {
    const text = printed('--help');
    for (const { name } of commands) expect(text).toContain(`servo-tui ${name}`);
    expect(printed('help pause')).toBe(printed('pause --help'));
    expect(printed('pause -h')).toBe(printed('pause --help'));
  });

  test('comes also when the line is wrong', () => {
    expect(printed('status --help --nonsense')).toContain('servo-tui status JOB');
  });

  test('--version', () => {
    expect(printed('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

test('a flag means the same in every command that has it', () => {
  const rows = [...commands, workerCommand].flatMap((command) => command.flags);
  for (const row of [...rows, ...globalFlags]) {
    for (const other of rows.filter((one) => one.name === row.name)) {
      expect(other.value === undefined, row.name).toBe(row.value === undefined);
    }
  }
});
