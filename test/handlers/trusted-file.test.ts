import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { ModuleThreads } from '../../source/handlers/module-threads.ts';
import { isPrivate } from '../../source/handlers/private-group.ts';
import { anAttempt } from '../support/attempt.ts';
import { binary } from '../support/cli.ts';
import { environment } from '../support/environment.ts';
import { errorOf } from '../support/operator.ts';

const otherUser = 65_534;
const root = process.getuid?.() === 0;
const lists = spawnSync('setfacl', ['--version']).status === 0;

/** `current` → `releases/1`, `handlers/orders` → `../bin/orders`: every kind of link and folder. */
function deploy(): string {
  const base = mkdtempSync(join(tmpdir(), 'servo-trusted-'));
  chmodSync(base, 0o755);
  for (const folder of ['releases/1/handlers', 'releases/1/bin'])
    mkdirSync(join(base, folder), { recursive: true, mode: 0o755 });
  const files = {
    'bin/orders': '#!/bin/sh\nexit 0\n',
    'handlers/orders.toml': 'timeout = "1m"\n',
    'handlers/rates.mjs': 'export default () => {}\n',
    'handlers/totals.sql': 'select 1',
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(base, 'releases/1', name), text, { mode: 0o755 });
  symlinkSync('../bin/orders', join(base, 'releases/1/handlers/orders'));
  symlinkSync('releases/1', join(base, 'current'));
  return base;
}

type Row = {
  what: string;
  spoil(base: string): unknown;
  /** Where it can be made; `'root'` needs another owner. */
  needs?: 'root' | 'lists';
  /** What is blamed. */
  blames: string;
  /** Whether it is on the way of what runs, and not of a link or a settings file alone. */
  runs?: 'executable' | 'module' | 'both';
};

const acl = (path: string) => spawnSync('setfacl', ['-m', 'u:nobody:rwx', path]);
/** A group with another member is not private. */
const share = (path: string, mode: number) => (base: string) => {
  chownSync(join(base, path), 0, 1);
  chmodSync(join(base, path), mode);
};
const chmod = (path: string, mode: number) => (base: string) => chmodSync(join(base, path), mode);
const giveAway = (path: string) => (base: string) =>
  chownSync(join(base, path), otherUser, otherUser);

const rows: Row[] = [
  {
    what: 'a parent anyone may write',
    spoil: chmod('releases', 0o777),
    blames: 'releases',
    runs: 'both',
  },
  {
    what: 'a parent its group may write',
    spoil: share('', 0o775),
    needs: 'root',
    blames: '',
    runs: 'both',
  },
  {
    what: 'a parent of another owner',
    spoil: giveAway('releases'),
    needs: 'root',
    blames: 'releases',
    runs: 'both',
  },
  {
    what: 'a handler its group may write',
    spoil: share('releases/1/bin/orders', 0o775),
    needs: 'root',
    blames: 'releases/1/bin/orders',
    runs: 'executable',
  },
  {
    what: 'a module its group may write',
    spoil: share('releases/1/handlers/rates.mjs', 0o664),
    needs: 'root',
    blames: 'releases/1/handlers/rates.mjs',
    runs: 'module',
  },
  {
    what: 'a settings file anyone may write',
    spoil: chmod('releases/1/handlers/orders.toml', 0o602),
    blames: 'releases/1/handlers/orders.toml',
  },
  {
    what: 'a query of another owner',
    spoil: giveAway('releases/1/handlers/totals.sql'),
    needs: 'root',
    blames: 'releases/1/handlers/totals.sql',
  },
  {
    what: 'a directory its group may write',
    spoil: share('releases/1/handlers', 0o775),
    needs: 'root',
    blames: 'releases/1/handlers',
    runs: 'module',
  },
  {
    what: 'a directory anyone may write, sticky',
    spoil: chmod('releases/1/handlers', 0o1777),
    blames: 'releases/1/handlers',
  },
  {
    what: 'the folder that a link leads to',
    spoil: chmod('releases/1/bin', 0o777),
    blames: 'releases/1/bin',
    runs: 'executable',
  },
  {
    what: 'a link of another owner',
    spoil: (base) => lchownSync(join(base, 'current'), otherUser, otherUser),
    needs: 'root',
    blames: 'current',
  },
  {
    what: 'a list on a handler',
    spoil: (base) => acl(join(base, 'releases/1/bin/orders')),
    needs: 'lists',
    blames: 'releases/1/bin/orders',
    runs: 'executable',
  },
  {
    what: 'a list on a folder',
    spoil: (base) => acl(join(base, 'releases/1')),
    needs: 'lists',
    blames: 'releases/1',
    runs: 'both',
  },
];
const possible = rows.filter(
  ({ needs }) => needs === undefined || (needs === 'root' ? root : lists),
);

describe('A13: files that others could change', () => {
  const threads = new ModuleThreads({ slots: 1, warn: () => {} });
  afterAll(() => threads.close());
  const run = async (handler: Handler) => {
    const context = { attempt: anAttempt(), signal: new AbortController().signal, grace_ms: 5_000 };
    if (handler.kind === 'module') return (await threads.run(handler, context)).outcome;
    return handler.kind === 'executable' ? (await handler.run(context)).outcome : null;
  };

  it('is refused when an executor starts, wherever on the path it is', async () => {
    for (const { what, spoil, blames } of possible) {
      const base = deploy();
      expect((await loadCatalogue(join(base, 'current/handlers'))).size, what).toBe(3);
      spoil(base);
      const error = await errorOf(loadCatalogue(join(base, 'current/handlers')));
      const blamed = join(base, blames).replaceAll('.', '\\.');
      expect(error.message, what).toMatch(
        new RegExp(`${blamed.replace(/\/$/, '')} (can be changed by|belongs to another user)`),
      );
      rmSync(base, { recursive: true });
    }
  });

  it('is checked again before each run: its job waits, at no cost, until it is fixed', async () => {
    for (const { what, spoil, runs } of possible) {
      const base = deploy();
      const catalogue = await loadCatalogue(join(base, 'current/handlers'));
      spoil(base);
      const ran = await Promise.all(['orders', 'rates'].map((asset) => run(catalogue.get(asset)!)));
      const refused = ran.map((outcome) => outcome?.kind === 'unavailable');
      const expected = [
        runs === 'executable' || runs === 'both',
        runs === 'module' || runs === 'both',
      ];
      expect(refused, what).toEqual(expected);
      for (const outcome of ran)
        if (outcome?.kind === 'unavailable')
          expect(outcome.message).toMatch(/^not run: .* \(ch(mod|own) /);
      rmSync(base, { recursive: true });
    }
  });

  it('a changed link takes effect at a restart, as for a query or a module', async () => {
    const base = deploy();
    const catalogue = await loadCatalogue(join(base, 'current/handlers'));
    const next = deploy();
    writeFileSync(join(next, 'releases/1/bin/orders'), '#!/bin/sh\nexit 65\n');
    rmSync(join(base, 'current'));
    symlinkSync(join(next, 'releases/1'), join(base, 'current'));
    expect(await run(catalogue.get('orders')!)).toEqual({ kind: 'completed' });
    rmSync(join(base, 'releases'), { recursive: true });
    expect(await run(catalogue.get('orders')!)).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^not run: .* is gone since the executor started: ENOENT/),
    });
  });

  it('the group that is its owner’s alone may write: umask 002 is no fault', () => {
    const users = [
      ['mara', 'x', '1000', '1000'],
      ['eve', 'x', '1001', '100'],
    ];
    const groups = [
      ['mara', 'x', '1000', ''],
      ['users', 'x', '100', 'mara'],
      ['eve', 'x', '1001', ''],
    ];
    const asked = (uid: number, gid: number, group: string[][] = groups) =>
      isPrivate({ uid, gid }, users, group);
    expect(asked(1000, 1000)).toBe(true);
    expect(asked(1000, 1000, [['mara', 'x', '1000', 'mara']])).toBe(true);
    const shared = [['mara', 'x', '1000', 'mara,eve']];
    const renamed = [['staff', 'x', '1000', '']];
    expect([asked(1000, 1000, shared), asked(1000, 1000, renamed), asked(1000, 1000, [])]).toEqual([
      false,
      false,
      false,
    ]);
    expect([asked(0, 1000), asked(1001, 100), asked(1001, 1001)]).toEqual([false, false, false]);
  });

  const mounts =
    spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0;
  it.skipIf(!mounts)('is trusted on a read-only file system', () => {
    const base = deploy();
    for (const path of ['releases/1/handlers', 'releases/1/bin/orders'])
      chmodSync(join(base, path), 0o777);
    const sync = `${process.execPath} ${binary} assets sync --handlers ${base}/current/handlers`;
    const readOnly = `mount --bind ${base} ${base} && mount -o remount,ro,bind ${base}`;
    const env = environment({ DATABASE_URL: 'postgres://localhost:1/none', TENANT_ID: 'acme' });
    const status = (script: string) =>
      spawnSync('unshare', ['--mount', 'sh', '-c', script], { env }).status;
    // The database is what is missing once the handlers are trusted.
    expect([status(sync), status(`${readOnly} && ${sync}`)]).toEqual([2, 5]);
  });
});
