import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionOf } from '../../source/cli/completion-words.ts';
import { table } from '../../source/commands/table.ts';
import { documentOf, environment, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';
import { binary, handlerDirectory } from '../support/worker.ts';

describe('without a database', () => {
  const proposed = (line: string) => completionOf(line, table).known.map(({ value }) => value);

  test.each([
    ['servo-tui pa', ['pause']],
    ['servo backfill recl', ['reclaim']],
    ['servo-tui pause 3f2a --rea', ['--reason', '--read-only']],
    ['servo-tui list --state p', ['pending', 'paused']],
    ['servo-tui list --status r', ['running', 'resuming']],
    ['servo-tui start orders --tier c', ['critical']],
    ['servo-tui start orders --every ', ['hour', 'day', 'week', 'month']],
    ['servo-tui embedded st', ['stop', 'status']],
    ['servo-tui completion ', ['bash', 'zsh', 'fish']],
    ['servo-tui triage stu', ['stuck']],
    ['servo-tui schema lo', ['logs']],
    ['servo-tui assets s', ['sync']],
    ['servo-tui --worker --hand', ['--handlers']],
    ['servo-tui --tenant acme sta', ['status', 'start']],
    ['servo-tui pause --reason "a b', []],
    ['servo-tui nonsense ', []],
  ])('%j', (line, values) => expect(proposed(line)).toEqual(values));

  test('a flag is proposed once, unless it may be repeated', () => {
    expect(proposed('servo-tui start orders --partition a --p')).toEqual(
      expect.arrayContaining(['--partition', '--parallel']),
    );
    expect(proposed('servo-tui start orders --parallel 2 --parallel')).toEqual([]);
  });

  test.each([
    ['servo-tui pause ', { kind: 'jobs', states: ['running'] }],
    ['servo-tui pause 3f2a 4', { kind: 'jobs', states: ['running'] }],
    ['servo-tui resume ', { kind: 'jobs', states: ['paused'] }],
    ['servo-tui status 3', { kind: 'jobs', states: null }],
    ['servo-tui triage --job ', { kind: 'jobs', states: null }],
    ['servo-tui start or', { kind: 'assets' }],
    ['servo-tui list --asset ', { kind: 'assets' }],
    ['servo-tui status 3f2a ', null],
    ['servo-tui list --limit ', null],
  ])('%j asks the database for %j', (line, asked) =>
    expect(completionOf(line, table).asked).toEqual(asked),
  );
});

describe('with a database', () => {
  let operator: Operator;
  let running: string;
  let paused: string;
  let variables: Record<string, string>;

  beforeAll(async () => {
    operator = await Operator.open();
    for (const name of ['orders', 'orders_daily', 'clicks', '$(reboot)'])
      await operator.asset(name);
    await operator.asset('others', undefined, 'globex');
    running = await operator.job({ asset: 'orders', partitions: ['a'] }, { state: 'running' });
    paused = await operator.job({ asset: 'clicks', partitions: ['a'] }, { state: 'paused' });
    variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  });
  afterAll(() => operator.close());

  const words = async (line: string, more: Record<string, string> = {}) => {
    const { stdout } = await run(['completion', 'words', '--json'], {
      ...variables,
      SERVO_COMPLETION_LINE: line,
      ...more,
    });
    return documentOf('completion words', stdout).candidates;
  };

  test('job ids by their state, and assets that a shell does not split', async () => {
    expect(await words('servo-tui pause ')).toEqual([
      { value: running, description: 'orders running' },
    ]);
    expect(await words('servo-tui resume ')).toEqual([
      { value: paused, description: 'clicks paused' },
    ]);
    expect(await words(`servo-tui status ${paused.slice(0, 6)}`)).toMatchObject([
      { value: paused },
    ]);
    const assets = await words('servo-tui start ');
    expect(assets.map(({ value }: { value: string }) => value)).toEqual([
      'clicks',
      'orders',
      'orders_daily',
    ]);
    expect(await words('servo-tui --tenant globex start o')).toMatchObject([{ value: 'others' }]);
  });

  test('a database that cannot be reached, or none, is no error', async () => {
    const nowhere = { DATABASE_URL: 'postgres://outsider@127.0.0.1:1/none' };
    expect(await words('servo-tui pause ', nowhere)).toEqual([]);
    const { code, stdout } = await run(['completion', 'words'], {
      SERVO_COMPLETION_LINE: 'servo-tui pause ',
    });
    expect([code, stdout]).toEqual([0, '']);
  });

  describe('in a shell', () => {
    const folder = handlerDirectory({
      'servo-tui': `#!/bin/sh\nexec "${process.execPath}" "${binary}" "$@"\n`,
      'keys.txt': '2024-01-31\n',
    });
    const asked = () => ({
      cwd: folder,
      env: { ...environment(variables), HOME: folder, PATH: `${folder}:${process.env.PATH}` },
    });
    const scriptOf = async (shell: string) => (await run(['completion', shell])).stdout;

    /** What each shell makes of a line at a Tab, in its own way of being asked without a person. */
    const shells: Record<string, (line: string) => Promise<string[]>> = {
      bash: async (line) => {
        // What `-o default` adds, readline adds: compgen stands in for it.
        const code = `${await scriptOf('bash')}
COMP_LINE=$1 COMP_POINT=\${#1}
_servo_tui
(( \${#COMPREPLY[@]} )) || COMPREPLY=($(compgen -f -- "\${1##* }"))
printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout } = await promisify(execFile)('bash', ['-c', code, '-', line], asked());
        return stdout.trim().split('\n');
      },
      fish: async (line) => {
        const code = `${await scriptOf('fish')}\ncomplete -C $argv[1]`;
        const { stdout } = await promisify(execFile)('fish', ['-c', code, line], asked());
        return stdout
          .trim()
          .split('\n')
          .map((proposed) => proposed.split('\t', 1)[0]!);
      },
      zsh: async (line) => {
        writeFileSync(join(folder, 'servo-tui.zsh'), await scriptOf('zsh'));
        const zsh = spawn('zsh', ['-f', '-i'], { ...asked(), cols: 200 });
        let seen = '';
        zsh.onData((text) => (seen += stripVTControlCharacters(text)));
        const until = (what: string) =>
          waitFor(what, () => seen.includes(what), { seen: () => seen });
        try {
          zsh.write(
            "PS1='rea''dy> '; autoload -Uz compinit && compinit -u -D && . ./servo-tui.zsh\r",
          );
          await until('ready> ');
          // The one word that fits is put into the line, with a space.
          zsh.write(`${line}\t`);
          const [begun] = line.split(' ').slice(-1);
          const rest = new RegExp(`${line.slice(0, line.length - begun!.length)}(\\S+) `);
          await waitFor('the word', () => rest.test(seen.split('ready> ').at(-1)!), {
            seen: () => seen,
          });
          return [rest.exec(seen.split('ready> ').at(-1)!)![1]!];
        } finally {
          zsh.kill();
        }
      },
    };
    const installed = Object.keys(shells).filter(
      (shell) => spawnSync(shell, ['-c', 'true']).status === 0,
    );

    test('bash is tested always; other shells if they are installed', () => {
      expect(installed).toContain('bash');
    });

    test.each(installed)(
      '%s gets ids, commands, flags, and files where nothing is known',
      async (shell) => {
        const complete = shells[shell]!;
        expect(await complete('servo-tui backfill pause ')).toEqual([running]);
        expect(await complete('servo recl')).toEqual(['reclaim']);
        expect(await complete('servo-tui list --lim')).toEqual(['--limit']);
        expect(await complete('servo-tui start orders --partitions-file key')).toEqual([
          'keys.txt',
        ]);
      },
    );
  });

  test('each shell has a script, and for another shell the error lists them', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await run(['completion', shell, '--json']);
      expect(documentOf('completion', stdout)).toMatchObject({
        shell,
        script: expect.stringContaining('servo-tui completion words'),
      });
    }
    const ran = await run(['completion', 'ksh', '--json']);
    expect([ran.code, errorDocument(ran).message]).toEqual([2, 'unknown shell "ksh"']);
  });
});
