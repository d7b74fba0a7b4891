import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../source/app/command.ts';
import type { Timeouts } from '../../source/app/context.ts';
import { Contexts } from '../../source/app/contexts.ts';
import { resolveSettings, type SettingFlags } from '../../source/config.ts';
import type { Act } from '../../source/console/model/effects.ts';
import { DatabaseProxy } from '../faults/proxy.ts';
import { environment, urlOf, withVariables } from '../support/environment.ts';
import { theTable } from '../support/jobs.ts';
import { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';

let operator: Operator;
let folder: string;
let url: string;
let open: Contexts[] = [];

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders', undefined, null);
  url = urlOf(operator.database.app);
  folder = mkdtempSync(join(tmpdir(), 'servo-tui-places-'));
});
afterEach(async () => {
  await Promise.all(open.map((contexts) => contexts.close()));
  open = [];
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await operator.close();
});

/** The console's sessions with this configuration file, begun in one of its contexts, or (null) in the environment's place. */
async function start(
  file: string,
  context: string | null,
  flags: SettingFlags = {},
  timeouts?: Timeouts,
): Promise<Contexts> {
  const config = join(mkdtempSync(join(folder, 'config-')), 'servo-tui');
  mkdirSync(config);
  writeFileSync(join(config, 'config.toml'), file, { mode: 0o600 });
  const variables: Record<string, string> =
    context === null ? { DATABASE_URL: url, TENANT_ID: 'globex' } : {};
  const env = environment({ XDG_CONFIG_HOME: join(config, '..'), ...variables });
  const needs = { database: true, tenants: 'one' } as const;
  const settings = await resolveSettings(
    { context: context ?? undefined, actor: 'mara', ...flags },
    env,
    needs,
  );
  const contexts = await Contexts.open(
    { settings, io: { env } } as unknown as Host,
    undefined,
    timeouts,
  );
  open.push(contexts);
  return contexts;
}

const section = (name: string, more = '') =>
  `[${name}]\ndatabase_url = "${url}"\ntenant = "acme"\n${more}\n`;

let made = 0;
/** A running job, and the operator's word to pause it. */
async function aPause(): Promise<Act> {
  const partitions = [`k${made++}`];
  const id = await operator.job({ asset: 'orders', partitions }, { state: 'running' });
  return { type: 'act', action: 'pause', id, state: 'running', version: 2, reason: null };
}
const stateOf = (id: string) =>
  operator.value('select state from backfill_jobs where id = $1', [id]);

test('where each context leads: its database without the password, its tenant, read-only or not', async () => {
  const file = [
    section('one'),
    '[far]\ndatabase_url = "postgres://app:secret@db2:6432/warehouse"\nread_only = true\n',
    '[own]\nembedded = true\ntenant = "local"\n',
    '[broken]\ndatabase_url = "mysql://db3"\n',
  ].join('');
  const { user, database } = operator.database.app;
  const { leads } = await start(file, 'one');
  expect(leads).toEqual({
    one: {
      database: expect.stringMatching(new RegExp(`^${user}@.*/${database}$`)),
      tenant: 'acme',
      read_only: false,
    },
    far: { database: 'app@db2:6432/warehouse', tenant: null, read_only: true },
    own: { database: 'embedded', tenant: 'local', read_only: false },
    broken: { database: null, tenant: null, read_only: false },
  });
  const locked = await start(file, 'one', { read_only: true });
  expect(Object.values(locked.leads).every(({ read_only }) => read_only)).toBe(true);
});

test('a query is answered by its own context, whichever was opened since', async () => {
  const contexts = await start(section('one'), 'one');
  await aPause();
  const go = await contexts.runEffect(
    { type: 'open-context', to: { tenant: 'globex' }, context_number: 1 },
    0,
  );
  expect(go).toMatchObject({ type: 'opened', view: { labels: { tenant: 'globex' } } });
  const here = await contexts.runEffect(theTable, 1);
  expect(here).toMatchObject({ list: { tenant_id: 'globex', jobs: [] } });
  const there = await contexts.runEffect(theTable, 0);
  expect(there).toMatchObject({ type: 'failure', failure: { message: 'this context is closed' } });
});

test('a reply in flight still comes from the context that is left', async () => {
  const contexts = await start(section('one'), 'one');
  const owed = contexts.runEffect(theTable, 0);
  await contexts.runEffect(
    { type: 'open-context', to: { tenant: 'globex' }, context_number: 1 },
    0,
  );
  expect(await owed).toMatchObject({ type: 'jobs', list: { tenant_id: 'acme' } });
});

test('a context that cannot be opened leaves the present one unchanged', async () => {
  const broken = '[broken]\ndatabase_url = "postgres://outsider@127.0.0.1:1/x"\ntenant = "acme"\n';
  const contexts = await start(section('one') + broken, 'one');
  expect(contexts.contexts).toEqual(['one', 'broken']);
  const go = await contexts.runEffect(
    { type: 'open-context', to: { context: 'broken' }, context_number: 1 },
    0,
  );
  expect(go).toMatchObject({ type: 'failure', failure: { code: 'database_unreachable' } });
  const { type } = await contexts.runEffect(theTable, 0);
  expect(type).toBe('jobs');
});

test('home is the context of the environment again, with its variables', async () => {
  const contexts = await start(section('one'), null);
  const variables = { DATABASE_URL: 'of the environment', TENANT_ID: 'of the environment' };
  const present = () => Object.keys(variables).map((name) => process.env[name]);
  await withVariables(variables, async () => {
    const there = await contexts.runEffect(
      { type: 'open-context', to: { context: 'one' }, context_number: 1 },
      0,
    );
    expect(there).toMatchObject({ view: { labels: { context: 'one', tenant: 'acme' } } });
    expect(present()).toEqual([undefined, undefined]);
    const back = await contexts.runEffect(
      { type: 'open-context', to: { home: true }, context_number: 2 },
      1,
    );
    expect(back).toMatchObject({ view: { labels: { context: null, tenant: 'globex' } } });
    expect(present()).toEqual(Object.values(variables));
  });
  expect(await contexts.runEffect(theTable, 2)).toMatchObject({ list: { tenant_id: 'globex' } });
});

test('a read-only context cannot be written to, nor unlocked without a write_url', async () => {
  const contexts = await start(section('prod', 'read_only = true'), 'prod');
  const act = await aPause();
  const refused = await contexts.runEffect(act, 0);
  expect(refused).toMatchObject({
    type: 'failure',
    failure: { message: expect.stringContaining('read-only transaction') },
  });
  expect(await stateOf(act.id)).toBe('running');
  expect(await contexts.runEffect({ type: 'unlock', ms: 60_000 }, 0)).toMatchObject({
    failure: { message: 'context prod has no write_url to unlock it with' },
  });
});

const unlockable = () =>
  section('prod', `read_only = true\nwrite_url = "${url}?application_name=writer"`);

test('with a write_url it is unlocked, until it is locked or the time is over', async () => {
  const contexts = await start(unlockable(), 'prod');
  expect(contexts.view).toMatchObject({ read_only: true, locked_reason: null });
  const [first, second, third] = [await aPause(), await aPause(), await aPause()];
  await contexts.runEffect({ type: 'unlock', ms: 60_000 }, 0);
  expect(await contexts.runEffect(first, 0)).toMatchObject({ result: { result: 'applied' } });
  await contexts.runEffect({ type: 'lock' }, 0);
  expect(await contexts.runEffect(second, 0)).toMatchObject({ type: 'failure' });
  await contexts.runEffect({ type: 'unlock', ms: 1 }, 0);
  // The session ends it, whatever the console believes.
  await waitFor(
    'the lock',
    async () => (await contexts.runEffect(await aPause(), 0)).type === 'failure',
  );
  expect(await contexts.runEffect(third, 0)).toMatchObject({ type: 'failure' });
  expect([await stateOf(first.id), await stateOf(second.id), await stateOf(third.id)]).toEqual([
    'paused',
    'running',
    'running',
  ]);
});

test('--read-only is unlocked by nothing, and holds in every context', async () => {
  const contexts = await start(section('one') + unlockable(), 'one', { read_only: true });
  const why = '--read-only is set and cannot be unlocked';
  expect(contexts.view).toMatchObject({ read_only: true, locked_reason: why });
  const go = await contexts.runEffect(
    { type: 'open-context', to: { context: 'prod' }, context_number: 1 },
    0,
  );
  expect(go).toMatchObject({ view: { read_only: true, locked_reason: why } });
  expect(await contexts.runEffect({ type: 'unlock', ms: 60_000 }, 1)).toMatchObject({
    failure: { message: why },
  });
});

test('[keys] of the configuration remap the console’s, and every invalid one is reported', async () => {
  const good = await start(`${section('one')}[keys]\n"sort by the next column" = "S"\n`, 'one');
  expect(good.keys).toEqual({ 'sort by the next column': 'S' });
  const bad = await start(`${section('one')}[keys]\npause = "r"\nfoo = "x"\n`, 'one');
  expect(() => bad.keys).toThrow(/no key is named "foo"; .*both "pause" and "resume"/);
  expect(bad.contexts).toEqual(['one']);
});

describe('a database that no longer replies', () => {
  const timeouts: Timeouts = { answer: 300, opening: 300, closing: 50 };
  let proxy: DatabaseProxy;
  const silent = (more = '') =>
    `[silent]\ndatabase_url = "${urlOf(proxy.settings)}"\ntenant = "acme"\n${more}\n`;
  const unreachable = {
    type: 'failure',
    failure: { code: 'database_unreachable' },
  };

  beforeEach(async () => {
    proxy = await DatabaseProxy.open(operator.database.app);
  });
  afterEach(() => proxy.close());

  test('a read ends at its timeout, and the next one takes another connection', async () => {
    const contexts = await start(silent(), 'silent', {}, timeouts);
    proxy.weather = { kind: 'frozen' };
    expect(await contexts.runEffect(theTable, 0)).toMatchObject(unreachable);
    proxy.weather = { kind: 'clear' };
    expect(await contexts.runEffect(theTable, 0)).toMatchObject({ type: 'jobs' });
  });

  test('an action ends at its timeout too, without a claim that it was not done', async () => {
    const contexts = await start(silent(), 'silent', {}, timeouts);
    const pause = await aPause();
    proxy.weather = { kind: 'frozen' };
    expect(await contexts.runEffect(pause, 0)).toMatchObject(unreachable);
  });

  test('its context cannot be opened, and the present one stays', async () => {
    const contexts = await start(section('one') + silent(), 'one', {}, timeouts);
    proxy.weather = { kind: 'frozen' };
    const go = { type: 'open-context', to: { context: 'silent' }, context_number: 1 } as const;
    expect(await contexts.runEffect(go, 0)).toMatchObject({
      failure: { code: 'database_unreachable', message: 'the database does not answer' },
    });
    expect(await contexts.runEffect(theTable, 0)).toMatchObject({ type: 'jobs' });
    proxy.weather = { kind: 'clear' };
    expect(await contexts.runEffect(go, 0)).toMatchObject({ type: 'opened' });
  });

  test('a locked context cannot be unlocked, and stays locked', async () => {
    const locked = `read_only = true\nwrite_url = "${urlOf(proxy.settings)}"`;
    const contexts = await start(
      section('one', locked),
      'one',
      {},
      { ...timeouts, answer: 60_000 },
    );
    proxy.weather = { kind: 'frozen' };
    expect(await contexts.runEffect({ type: 'unlock', ms: 60_000 }, 0)).toMatchObject({
      failure: { code: 'database_unreachable', message: 'the database does not answer' },
    });
    const pause = await aPause();
    await contexts.runEffect(pause, 0);
    expect(await stateOf(pause.id)).toBe('running');
  });

  test('leaving waits neither for a request nor for a connection that is not made', async () => {
    const contexts = await start(silent(), 'silent', {}, { ...timeouts, answer: 600_000 });
    proxy.weather = { kind: 'frozen' };
    const owed = [contexts.runEffect(theTable, 0), contexts.runEffect(theTable, 0)];
    await waitFor('the second one to want a connection', () => proxy.refused > 0);
    const left = Date.now();
    await contexts.close();
    for (const answer of owed) expect(await answer).toMatchObject(unreachable);
    // A connection has ten seconds to come about.
    expect(Date.now() - left).toBeLessThan(8_000);
  });
});
