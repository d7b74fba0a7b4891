import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPassword } from '../../source/database/password.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { commands } from '../support/commands.ts';
import { askClearPassword, askPassword, Way } from '../support/way.ts';

let home: string;
const file = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(home, name), text);
  chmodSync(join(home, name), mode);
  return join(home, name);
};
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'servo-login-'));
  mkdirSync(join(home, 'servo-tui'));
  mkdirSync(join(home, 'handlers'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const login = { host: '/tmp', port: 5432, user: 'app', database: 'servo' };

async function throughWay<T>(
  answers: Parameters<Way['open']>[0],
  work: (way: Way, url: string) => Promise<T>,
): Promise<T> {
  const way = new Way(login);
  await way.open(answers);
  try {
    return await work(way, urlOf(way.settings));
  } finally {
    way.close();
  }
}

test('C3: every command without a password names the login and the sources of passwords', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  const time = '2030-01-01T00:00:00.000Z';
  const plan = file(
    'plan.json',
    JSON.stringify({
      ...{ plan: 1, id, tenant_id: 'acme', action: 'pause', parameters: {}, author: 'mara' },
      ...{ filter: '', created_at: time, expires_at: time, truncated: false, jobs: [] },
    }),
  );
  const words: Readonly<Record<string, string[]>> = {
    start: ['orders', '--partition', '2024-01-01'],
    cancel: [id, '--reason', 'r'],
    recreate: [id, '--reason', 'r'],
    set: [id, '--priority', '1'],
    plan: ['pause', 'state:running'],
    apply: [plan, '--yes'],
    prune: ['--yes'],
    exporter: ['--metrics-port', '127.0.0.1:0'],
    '--worker': ['--handlers', join(home, 'handlers')],
  };
  // `env` asks the database nothing.
  const asking = commands.filter(({ name, needs }) => needs.database && name !== 'env');
  expect(asking.length).toBeGreaterThan(20);
  await throughWay(askPassword, async (_, url) => {
    const left = [...asking];
    const next = async (): Promise<void> => {
      const command = left.pop();
      if (command === undefined) return;
      const given = words[command.name] ?? Array(command.words.least).fill(id);
      const line = [...command.name.split(' '), ...given, '--json'].filter(Boolean);
      const ran = await run(line, { DATABASE_URL: url, TENANT_ID: 'acme', HOME: home });
      expect([command.name, ran.code, ran.stderr]).toEqual([
        command.name,
        5,
        expect.stringMatching(
          /cannot log in as app@.*asks for a password, and none is set.*PGPASSWORD.*pgpass/,
        ),
      ]);
      await next();
    };
    await Promise.all([next(), next()]);
  });
});

describe('C4: where a password comes from', () => {
  test('the variables and files of libpq, for a URL and for a context alike, without a warning', async () => {
    const passfile = file('passwords', '*:*:*:other:no\n*:*:servo:app:from-file\n');
    const open = file('open', '*:*:*:*:seen-by-others\n', 0o644);
    const told = await throughWay(askClearPassword, async (way, url) => {
      file('servo-tui/config.toml', `[prod]\ndatabase_url = "${url}"\ntenant = "acme"\n`);
      const forms: Record<string, string>[] = [
        { PGPASSWORD: 'from-variable' },
        { PGPASSFILE: passfile },
        { HOME: home },
      ];
      file('.pgpass', 'localhost:5432:*:app:from-home\n');
      const sent: string[] = [];
      for (const form of forms) {
        for (const args of [['list'], ['list', '--context', 'prod']]) {
          way.heard = '';
          const variables: Record<string, string> =
            args.length === 1 ? { DATABASE_URL: url, TENANT_ID: 'acme' } : {};
          const running = run(args, { XDG_CONFIG_HOME: home, ...variables, ...form });
          // The false server never answers the password: it is cut off.
          while (!/from-\w+/.test(way.heard))
            await new Promise((resolve) => setTimeout(resolve, 10));
          way.cut();
          sent.push(/from-\w+/.exec(way.heard)![0]);
          const { code, stderr } = await running;
          expect([code, stderr]).toEqual([
            5,
            expect.not.stringMatching(/deprecat|ignoring|is used/i),
          ]);
        }
      }
      return sent;
    });
    expect(told).toEqual(
      ['variable', 'variable', 'file', 'file', 'home', 'home'].map((one) => `from-${one}`),
    );
    const ran = await throughWay(askPassword, (_, url) =>
      run(['list', '--json'], { DATABASE_URL: url, TENANT_ID: 'acme', PGPASSFILE: open }),
    );
    expect(ran.code).toBe(5);
    const [notice, error] = ran.stderr.trim().split('\n');
    expect(notice).toContain('others can read it');
    expect(documentOf('error', error!).error.code).toBe('database_unreachable');
  });

  test.each([
    ['db:5432:servo:app:pw', { host: 'db' }, 'pw'],
    ['# a note\n*:*:*:*:a\\:b\\\\c\r\n', { host: 'db' }, 'a:b\\c'],
    ['localhost:*:*:app:pw', { host: '/run/postgresql' }, 'pw'],
    ['db:5433:*:*:no\nother:*:*:*:no\n*:*:x:*:no\n*:*:*:x:no', { host: 'db' }, undefined],
    ['db:*:*:*', { host: 'db' }, undefined],
  ] as const)('a line of ~/.pgpass: %j', (text, { host }, password) => {
    expect(findPassword(text, { ...login, host })).toBe(password);
  });
});
