import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient } from '../../source/database/client.ts';
import { connectedSessions, probeServer } from '../../source/database/embedded/connection.ts';
import type { Installation } from '../../source/database/embedded/installation.ts';
import type { EmbeddedServer } from '../../source/database/embedded/server.ts';
import { migrate, pendingMigrations } from '../../source/database/migrate.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { lockDemo } from '../../source/demo/lock.ts';
import { Listener } from '../../source/executor/duties/listener.ts';
import { silentLog } from '../../source/observability/log.ts';
import { noMeter } from '../../source/observability/meter.ts';
import { DatabaseProxy } from '../faults/proxy.ts';
import { Backfills } from '../support/backfill.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { aRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait-for.ts';

// Connections outside of a pool. A proxy swallows one reply and everything after it, as a pooler
// or firewall does that has forgotten a connection: the socket stays open, and nothing comes.

let backfills: Backfills;
let empty: TestDatabase;

beforeAll(async () => {
  backfills = await Backfills.open();
  empty = await createTestDatabase({ migrated: false });
});

afterAll(async () => {
  await backfills.close();
  await empty.drop();
});

/** Uses the connection; a LISTEN that is sent again has noticed the loss. */
async function listen(settings: ConnectionSettings, proxy: DatabaseProxy): Promise<void> {
  const listener = new Listener({ settings, log: silentLog, meter: noMeter, onNotification() {} });
  listener.start();
  try {
    await waitFor('another LISTEN', () => (proxy.requestTexts.get('listen servo') ?? 0) > 1);
  } finally {
    await listener.stop();
  }
}

const embedded = ({ host }: ConnectionSettings) => ({ socketDirectory: host }) as Installation;

type Use = (settings: ConnectionSettings, proxy: DatabaseProxy) => Promise<unknown>;

/** What uses such a connection, the statements whose replies are lost, and what comes of it. */
const users: readonly [use: Use, statements: RegExp[], result: unknown][] = [
  [
    (settings) => aRegistry(settings).register(),
    [/pg_postmaster_start_time/, /pg_try_advisory_lock/, /servo_register_v1/],
    'failed',
  ],
  [listen, [/^listen servo/], undefined],
  [
    (settings) => migrate({ ...settings, user: empty.superuser.user, database: empty.name }),
    [/server_encoding/, /create table/],
    'failed',
  ],
  [
    (settings) => pendingMigrations({ ...settings, user: empty.superuser.user }),
    [/servo_migrations/],
    'failed',
  ],
  [(settings) => lockDemo({ app: settings } as EmbeddedServer), [/pg_try_advisory_lock/], 'failed'],
  [
    (settings) => probeServer(embedded(settings)).then(({ state }) => state),
    [/to_regrole/],
    'busy',
  ],
  [(settings) => connectedSessions(embedded(settings)), [/pg_stat_activity/], []],
  [
    async (settings) => {
      const { host, port } = backfills.database.app;
      const hosts = [
        { host: settings.host, port: settings.port },
        { host, port },
      ];
      const client = createClient({ ...settings, hosts });
      await client.connect();
      await client.query('select 1');
      await client.end();
    },
    [/pg_is_in_recovery/],
    undefined,
  ],
];

it('a statement whose reply is lost fails, on every connection outside of a pool', async () => {
  const runs = users.flatMap(([use, statements, result]) =>
    statements.map((statement) => ({ use, statement, result })),
  );
  const results = await Promise.all(
    runs.map(async ({ use, statement }) => {
      const proxy = await DatabaseProxy.open(backfills.database.superuser);
      const sprung = proxy.trap(statement, { after: () => 'swallowed' });
      const result = use({ ...proxy.settings, user: backfills.database.app.user }, proxy).catch(
        () => 'failed',
      );
      await sprung;
      const outcome = { statement, result: await result };
      await proxy.close();
      return outcome;
    }),
  );
  expect(results).toEqual(runs.map(({ statement, result }) => ({ statement, result })));
});

it('a goodbye that is lost is not waited for', async () => {
  const proxy = await DatabaseProxy.open(backfills.database.app);
  const client = createClient(proxy.settings);
  await client.connect();
  await client.query('select 1');
  proxy.weather = { kind: 'frozen' };
  await client.end();
  await proxy.close();
});

it('every connection is made in the one place that bounds its waits', () => {
  const source = join(import.meta.dirname, '../../source');
  const found = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(source, name), 'utf8');
      const made = [
        ...text.matchAll(/new (?:pg\.)?(?:Client|Pool)\(|createClient\([^()]*, null\)/g),
      ];
      return made.map(([call]) => `${name.split('/').at(-1)}: ${call}`);
    });
  expect(found.sort()).toEqual([
    // With timeouts of its own; a pool's are its options.
    'database.ts: new pg.Pool(',
    'failover.ts: new pg.Client(',
    // Statements that run for hours are watched.
    'migrate.ts: createClient(named, null)',
  ]);
});
