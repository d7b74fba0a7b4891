import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UsageError } from '../../source/errors.ts';
import { noSettings } from '../../source/handlers/asset-settings.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { ownershipProblems } from '../../source/handlers/trusted-file.ts';
import { withVariables } from '../support/environment.ts';
import { errorOf } from '../support/operator.ts';
import { handlerDirectory } from '../support/worker.ts';

/** Message and hint of every mistake, with the directory left out. */
async function mistakes(directory: string): Promise<string[]> {
  const error = (await errorOf(loadCatalogue(directory))) as unknown as UsageError;
  expect(error.code).toBe('usage');
  return error.problems.map(({ message, hint }) =>
    [message, hint]
      .filter(Boolean)
      .join(' — ')
      .replaceAll(`${directory}/`, '')
      .replaceAll(directory, '.'),
  );
}

const mistakesIn = (files: Record<string, string>) => mistakes(handlerDirectory(files));

describe('the catalogue', () => {
  it('finds its handlers by their files', async () => {
    const directory = handlerDirectory({
      'a.sql': 'select 1',
      'b.js': 'export default () => {}',
      'c.mjs': 'export default () => {}',
      d: '#!/bin/sh\n',
      'e.py': '#!/usr/bin/env python3\n',
      'f.toml': '[http]\nurl = "https://localhost/run"\n',
      'README.md': 'about',
      'package.json': '{"type": "module"}',
      '.hidden': '',
    });
    mkdirSync(join(directory, 'lib'));
    writeFileSync(join(directory, 'lib', 'shared.js'), '');
    const catalogue = await loadCatalogue(directory);
    expect([...catalogue.values()].map(({ asset, kind }) => `${asset} ${kind}`)).toEqual([
      'a sql',
      'b module',
      'c module',
      'd executable',
      'e executable',
      'f http',
    ]);
    expect(catalogue.get('a')!.settings).toEqual(noSettings);
  });

  // Found by the fault suite: an executor that started during a roll-out ended with exit code 2.
  it('reads the existing files while others are added and removed, as in a roll-out', async () => {
    const directory = handlerDirectory({
      'a.sql': 'select 1',
      b: '#!/bin/sh\n',
      'c.mjs': 'export default () => {}',
      'd.sql': 'select 1',
    });
    let going = true;
    const rolling = (async () => {
      for (let round = 0; going; round++) {
        for (const name of ['b', 'c.mjs', 'd.sql']) {
          const [from, to] = round % 2 === 0 ? [name, `.${name}`] : [`.${name}`, name];
          renameSync(join(directory, from), join(directory, to));
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    })();
    for (let i = 0; i < 150; i++)
      expect([...(await loadCatalogue(directory)).keys()]).toContain('a');
    going = false;
    await rolling;
  });

  it('refuses a directory that is not there, with exit code 2', async () => {
    await expect(loadCatalogue('/no/such/place')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('/no/such/place'),
    });
  });

  it('reports every mistake together', async () => {
    expect(
      await mistakesIn({
        'a.txt': 'x',
        'b.sql': 'select 1',
        b: '#!/bin/sh\n',
        'c.toml': 'every = "day"',
        'd.toml': 'ever = "day"\nevery = "daily"\nretries = 3\n[http]\nurl = "https://localhost"\n',
        'd.sql': 'select 1',
        'e.toml': 'every = ',
        'f.toml': '[http]\nurl = "https://localhost"\n',
        'f.mjs': '',
      }),
    ).toEqual([
      'a.txt is not a handler — expected <asset>.sql, <asset>.js, <asset>.mjs or an executable file (chmod +x)',
      '. has two handlers for b — keep one file per asset',
      'c.toml has settings for c, which has no handler — add the handler, such as c.sql, or set an endpoint: [http] url',
      'd.toml: every must be one of hour, day, week, month',
      'd.toml: unknown key ever — did you mean every?',
      'd.toml: unknown key retries — expected one of asset_type, every, upstreams, max_attempts, timeout, parallel, http, env',
      'e.toml: invalid TOML (line 1, column 9)',
      'f has two handlers: f.mjs and [http] in f.toml — keep one of them',
    ]);
  });

  it('refuses files that anyone could change, and says how to fix them', async () => {
    const directory = handlerDirectory({ 'a.sql': 'select 1', 'b.sql': 'select 1', 'b.toml': '' });
    chmodSync(join(directory, 'a.sql'), 0o666);
    chmodSync(join(directory, 'b.toml'), 0o602);
    chmodSync(directory, 0o1777);
    expect(await mistakes(directory)).toEqual([
      '. can be changed by anyone — chmod go-w .',
      'a.sql can be changed by anyone — chmod go-w a.sql',
      'b.toml can be changed by anyone — chmod go-w b.toml',
    ]);
  });

  it('checks the target of a link', async () => {
    const elsewhere = handlerDirectory({ 'a.sql': 'select 1' });
    const directory = handlerDirectory({});
    symlinkSync(join(elsewhere, 'a.sql'), join(directory, 'a.sql'));
    symlinkSync(join(elsewhere, 'nothing.sql'), join(directory, 'b.sql'));
    chmodSync(elsewhere, 0o777);
    expect(await mistakes(directory)).toEqual([
      `${elsewhere} can be changed by anyone — chmod go-w ${elsewhere}`,
      expect.stringContaining('cannot read b.sql: ENOENT'),
    ]);
    chmodSync(elsewhere, 0o1777);
    expect(await mistakes(directory)).toHaveLength(1);
  });

  const owners: [string, number, number[], string[]][] = [
    ['the running user', 1000, [0, 1000], []],
    ['root', 0, [0, 1000], []],
    [
      'another user',
      1001,
      [0, 1000],
      ['h/a.sql belongs to another user (uid 1001), who could change the handler'],
    ],
  ];
  for (const [whose, uid, trusted, expected] of owners) {
    it(`a file of ${whose}: ${expected.length === 0 ? 'trusted' : 'refused'}`, () => {
      const problems = ownershipProblems(
        { uid, link: false, anyone: false, group: null },
        { user: 1000, trusted },
        'h/a.sql',
      );
      expect(problems.map((problem) => problem.message)).toEqual(expected);
    });
  }
});

describe('a settings file', () => {
  async function settingsOf(toml: string, code = 'orders.sql') {
    const directory = handlerDirectory({ 'orders.toml': toml, [code]: '' });
    return (await loadCatalogue(directory)).get('orders')!.settings;
  }

  it('describes the asset of its handler', async () => {
    expect(
      await settingsOf(
        'asset_type = "table"\nevery = "hour"\nupstreams = ["raw", "rates", "raw"]\nmax_attempts = 5\ntimeout = "1h30m"\nparallel = 8\n[env]\npass = ["PGHOST"]\n',
        'orders.js',
      ),
    ).toEqual({
      asset_type: 'table',
      every: 'hour',
      upstreams: ['raw', 'rates'],
      max_attempts: 5,
      timeout_ms: 5_400_000,
      max_parallel: 8,
      http: null,
      pass: ['PGHOST'],
    });
  });

  const wrong: Record<string, [string, string]> = {
    'a time-out without a unit': [
      'timeout = "90"',
      'timeout must be a duration from 1ms to 7d, such as "30s" or "1h30m"',
    ],
    'a number for a time-out': [
      'timeout = 90',
      'timeout must be a duration, such as "30s" or "1h30m"',
    ],
    'half an attempt': ['max_attempts = 1.5', 'max_attempts must be a whole number from 1 to 1000'],
    'no parallelism': ['parallel = 0', 'parallel must be a whole number from 1 to 10000'],
    'one upstream': ['upstreams = "raw"', 'upstreams must be a list of names, such as ["orders"]'],
    'an upstream without a name': ['upstreams = [""]', 'upstreams.0 must not be empty'],
    'text for a table': ['env = "PGHOST"', 'env must be a table'],
    'a table without its key': ['[env]', 'env.pass must be a list of names, such as ["orders"]'],
    'a key in the wrong table': [
      '[env]\npass = []\nparallel = 2',
      'unknown key env.parallel — parallel belongs before the first table',
    ],
    'variables for SQL': [
      '[env]\npass = ["PGHOST"]',
      '[env] has no effect: handlers of kind sql get no variables',
    ],
  };
  for (const [what, [toml, message]] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      expect(await mistakesIn({ 'orders.sql': '', 'orders.toml': toml })).toEqual([
        `orders.toml: ${message}`,
      ]);
    });
  }

  it('refuses a cycle of upstreams, once', async () => {
    expect(
      await mistakesIn({
        'a.sql': '',
        'a.toml': 'upstreams = ["b"]',
        'b.sql': '',
        'b.toml': 'upstreams = ["c", "x"]',
        'c.sql': '',
        'c.toml': 'upstreams = ["b"]',
        'd.sql': '',
        'd.toml': 'upstreams = ["a"]',
      }),
    ).toEqual(['upstreams form a cycle: b needs c needs b — remove one of them']);
  });
});

describe('an endpoint', () => {
  it('may have headers from variables, and no mistake repeats their values', async () => {
    await withVariables({ ENDPOINT_TOKEN: 'secret\nvalue' }, async () => {
      expect(
        await mistakesIn({
          'a.toml': '[http]\nurl = "ftp://localhost"',
          'b.toml': '[http]\nurl = "https://user:hidden@localhost/"',
          'c.toml':
            '[http]\nurl = "https://localhost/"\n[http.headers]\n' +
            `Authorization = "Bearer \${ENDPOINT_TOKEN}"\nX-Key = "\${NOT_THERE}"\n` +
            'Idempotency-Key = "1"\n"b ad" = "x"\n',
          'd.toml': '[http]\nurl = "https://localhost"\nheader = "x"',
          'e.toml': '[http]\n',
        }),
      ).toEqual([
        'a.toml: http.url must be the URL of an endpoint, such as "https://host/path"',
        'b.toml: http.url contains a user name or password — send it in a header, whose value may name a variable',
        'c.toml: http.headers.Authorization is not a valid header',
        'c.toml: http.headers.X-Key needs the variable NOT_THERE, which is not set — set it in the environment of the executor',
        'c.toml: http.headers.Idempotency-Key is set by servo-tui: remove it',
        'c.toml: http.headers.b ad is not a valid header',
        'd.toml: unknown key http.header — did you mean headers?',
        'e.toml: http.url must be the URL of an endpoint, such as "https://host/path"',
      ]);
    });
  });
});
