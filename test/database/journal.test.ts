import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../source/database/migrate.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { ExternalWriter } from '../support/external-writer.ts';
import { Roles, run } from '../support/roles.ts';
import { waitFor } from '../support/wait-for.ts';

const tenant = 'acme';
const asset = '00000000-0000-4000-8000-00000000000a';
const wakeUp = {
  channel: 'servo',
  payload: createHash('md5').update(tenant).digest('hex').slice(0, 8),
};

let database: TestDatabase;
let roles: Roles;
let owner: ConnectionSettings;
let base: ConnectionSettings;
let listener: Client;
let heard: { channel: string; payload: string | undefined }[] = [];

// The tables' owner is not a superuser, so row-level security applies to it too.
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  roles = new Roles(database.superuser);
  owner = await roles.create('owner');
  base = await roles.create('base');
  await run(
    database.superuser,
    `alter database ${database.name} owner to "${owner.user}"; alter schema public owner to "${owner.user}"`,
  );
  await migrate(owner);
  await run(
    owner,
    `grant select, insert, update, delete on assets, backfill_jobs, backfill_partitions to "${base.user}"`,
  );
  await run(
    database.superuser,
    `insert into assets (id, name, asset_type, tenant_id) values ('${asset}', 'orders', 'table', '${tenant}')`,
  );
  listener = new Client(database.superuser);
  listener.on('notification', ({ channel, payload }) => heard.push({ channel, payload }));
  await listener.connect();
  await listener.query('listen servo');
});
afterAll(async () => {
  await listener.end();
  await database.drop();
  await roles.drop();
});

async function makeJob(columns: Record<string, unknown> = {}): Promise<string> {
  const all = { state: 'running', version: 7, heartbeat_at: new Date(), ...columns };
  const names = Object.keys(all);
  const [row] = await run<{ id: string }>(
    database.superuser,
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${names.join(', ')})
     values ('${tenant}', '${asset}', 'orders', gen_random_uuid()::text, ${names.map((_, i) => `$${i + 1}`).join(', ')}) returning id`,
    Object.values(all),
  );
  await quiet(1);
  return row!.id;
}

/** Waits for that many notifications, then clears them. */
async function quiet(count: number): Promise<void> {
  await waitFor('the notification', () => heard.length >= count, { seen: () => heard });
  heard = [];
}

function jobOf(id: string) {
  return run<Record<string, unknown>>(
    database.superuser,
    'select state, version, needs_finalizing, leases_revoked_at, error_message from backfill_jobs where id = $1',
    [id],
  ).then((rows) => rows[0]!);
}

/** The job's events without its creation by the test. */
function journalOf(id: string) {
  return run(
    database.superuser,
    `select tenant_id, kind, partition_key, from_state, to_state, actor, reason from backfill_events
     where job_id = $1 and not (from_state is null and actor <> 'base') order by id`,
    [id],
  );
}

const writers: [string, () => ConnectionSettings, string | null][] = [
  ['a superuser without a tenant', () => database.superuser, null],
  ['servo_app', () => database.app, tenant],
  ['a role with rights on base tables only', () => base, tenant],
  ['an owner that is no superuser', () => owner, tenant],
];

beforeEach(() => {
  heard = [];
});

describe.each(writers)('%s', (_, settings, ownTenant) => {
  let writer: ExternalWriter;
  let name: string;

  beforeAll(async () => {
    writer = await ExternalWriter.open({ ...settings(), application_name: 'psql' }, ownTenant);
    name = settings().user;
  });
  afterAll(() => writer.close());

  const currentTenant = async () => {
    const [row] = await writer.rows<{ tenant: string | null }>(
      `select current_setting('app.current_tenant', true) as tenant`,
    );
    return row!.tenant || null;
  };

  test('creates a job: the journal names its creator, and executors are notified', async () => {
    const id = await writer.insert(tenant, 'orders', ['2024-01-01']);
    expect(await journalOf(id)).toEqual([
      {
        tenant_id: tenant,
        kind: 'state',
        partition_key: null,
        from_state: null,
        to_state: 'pending',
        actor: 'base',
        reason: null,
      },
    ]);
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([wakeUp]);
    expect((await jobOf(id)).version).toBe(1);
    expect(await currentTenant()).toBe(ownTenant);
  });

  test.each([
    ['as the runbook prints it', 'version = version + 1, paused_at = NOW()'],
    ['and forgets the version', 'paused_at = NOW()'],
  ])('pauses %s: one more version, one line of the journal', async (_, columns) => {
    const id = await makeJob();
    const { rowCount } = await writer.client.query(
      `UPDATE backfill_jobs SET state = 'paused', ${columns} WHERE id = '${id}' AND state = 'running' AND tenant_id = '${tenant}'`,
    );
    expect(rowCount).toBe(1);
    expect(await jobOf(id)).toMatchObject({ state: 'paused', version: 8, needs_finalizing: false });
    expect(await journalOf(id)).toEqual([
      {
        tenant_id: tenant,
        kind: 'state',
        partition_key: null,
        from_state: 'running',
        to_state: 'paused',
        actor: `${name} (psql)`,
        reason: null,
      },
    ]);
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([wakeUp]);
    expect(await currentTenant()).toBe(ownTenant);
  });

  test('acts in a transaction that has its tenant, an actor and a reason: they are recorded, and stay', async () => {
    const id = await makeJob({ state: 'paused' });
    await writer.rows('begin');
    await writer.rows(
      `select set_config('app.current_tenant', $1, true), set_config('servo.actor', 'mara', true), set_config('servo.reason', 'done with it', true)`,
      [tenant],
    );
    await writer.rows(
      `update backfill_jobs set state = 'resuming', heartbeat_at = clock_timestamp() where id = $1`,
      [id],
    );
    expect(await currentTenant()).toBe(tenant);
    await writer.rows(`update backfill_jobs set state = 'cancelled' where id = $1`, [id]);
    expect(await currentTenant()).toBe(tenant);
    await writer.rows('commit');
    expect(await currentTenant()).toBe(ownTenant);
    expect(await jobOf(id)).toMatchObject({
      state: 'cancelled',
      version: 9,
      needs_finalizing: true,
    });
    expect(await journalOf(id)).toMatchObject([
      { from_state: 'paused', to_state: 'resuming', actor: 'mara', reason: 'done with it' },
      { from_state: 'resuming', to_state: 'cancelled', actor: 'mara', reason: 'done with it' },
    ]);
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([wakeUp]);
  });

  test('progress, heartbeats and an unchanged state: no event, no version, no notification', async () => {
    const id = await makeJob();
    await writer.rows(
      `update backfill_jobs set state = 'running', heartbeat_at = now(), completed_partitions = 3 where id = $1`,
      [id],
    );
    expect(await jobOf(id)).toMatchObject({ version: 7, leases_revoked_at: null });
    expect(await journalOf(id)).toEqual([]);
    // The later notification arrives first: none was on its way.
    await run(database.superuser, `notify servo, 'after'`);
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([{ channel: 'servo', payload: 'after' }]);
  });

  test('orders a reclaim by the runbook’s single statement', async () => {
    const id = await makeJob();
    const { rowCount } = await writer.client.query(`-- Reset heartbeat to trigger reclaim
UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes',
    version = version + 1
WHERE id = '${id}' AND state = 'running';`);
    expect(rowCount).toBe(1);
    expect(await jobOf(id)).toMatchObject({ version: 8, leases_revoked_at: expect.any(Date) });
    expect(await voidSince(id)).toBe('now');
  });

  test('orders a reclaim by the runbook’s bulk statement, of heartbeats that are old already', async () => {
    const [stuck, alive] = [
      await makeJob({ heartbeat_at: minutesAgo(20) }),
      await makeJob({ heartbeat_at: minutesAgo(3) }),
    ];
    const { rows } = await writer.client.query(`-- Reset all stuck running jobs (not heartbeating)
UPDATE backfill_jobs
SET heartbeat_at = NOW() - INTERVAL '5 minutes'
WHERE state = 'running'
  AND heartbeat_at < NOW() - INTERVAL '10 minutes'
RETURNING id, asset_name;`);
    expect(rows).toEqual([{ id: stuck, asset_name: 'orders' }]);
    expect(await voidSince(stuck)).toBe('now');
    expect(await jobOf(alive)).toMatchObject({ version: 7, leases_revoked_at: null });
  });

  test('cancels what is stuck in resuming by the runbook’s statement: its partitions are to be skipped', async () => {
    const id = await makeJob({ state: 'resuming', heartbeat_at: minutesAgo(20) });
    const { rows } = await writer.client.query(`-- Cancel all stuck resuming jobs
UPDATE backfill_jobs
SET state = 'cancelled',
    error_message = 'Bulk cancelled: stuck in resuming state',
    completed_at = NOW(),
    version = version + 1
WHERE state = 'resuming'
  AND heartbeat_at < NOW() - INTERVAL '10 minutes'
RETURNING id, asset_name;`);
    expect(rows).toEqual([{ id, asset_name: 'orders' }]);
    expect(await jobOf(id)).toMatchObject({
      state: 'cancelled',
      version: 8,
      needs_finalizing: true,
      error_message: 'Bulk cancelled: stuck in resuming state',
    });
    expect(await journalOf(id)).toMatchObject([{ from_state: 'resuming', to_state: 'cancelled' }]);
  });

  test.each([
    ['renamed', 'alter table backfill_events rename to lost_events'],
    ['without a column', 'alter table backfill_events drop column actor'],
    [
      'closed to its owner',
      'alter table backfill_events force row level security; drop policy tenant_isolation on backfill_events',
    ],
    ['taking no more', 'alter table backfill_events add check (id < 0) not valid'],
    ['gone', 'drop table backfill_events'],
  ])('pauses although the journal is %s, and executors are notified', async (_, damage) => {
    const id = await makeJob();
    await withDamage(damage, async () => {
      const warnings: (string | undefined)[] = [];
      const note = ({ message }: { message: string | undefined }) => warnings.push(message);
      writer.client.on('notice', note);
      await writer.rows('begin');
      const { rowCount } = await writer.client.query(
        `update backfill_jobs set state = 'paused' where id = $1`,
        [id],
      );
      expect(rowCount).toBe(1);
      expect(await currentTenant()).toBe(ownTenant);
      await writer.rows('commit');
      writer.client.off('notice', note);
      expect(warnings).toEqual([
        expect.stringMatching(`^servo: the journal missed a change of job ${id}: `),
      ]);
    });
    expect(await jobOf(id)).toMatchObject({ state: 'paused', version: 8 });
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([wakeUp]);
  });
});

function minutesAgo(minutes: number): Date {
  return new Date(Date.now() - minutes * 60_000);
}

async function voidSince(id: string): Promise<string> {
  const [row] = await run<{ since: string }>(
    database.superuser,
    `select case when leases_revoked_at between clock_timestamp() - interval '30 s' and clock_timestamp() then 'now' end as since
     from backfill_jobs where id = $1`,
    [id],
  );
  return row!.since;
}

/** Damages the journal, and restores it afterwards. */
async function withDamage(damage: string, work: () => Promise<void>): Promise<void> {
  await run(database.superuser, 'create table kept (like backfill_events including all)');
  await run(database.superuser, damage);
  try {
    await work();
  } finally {
    await run(
      database.superuser,
      `drop table if exists lost_events, backfill_events;
       alter table kept rename to backfill_events;
       alter table backfill_events owner to "${owner.user}";
       alter table backfill_events enable row level security;
       create policy tenant_isolation on backfill_events using (tenant_id = current_setting('app.current_tenant', true))`,
    );
  }
}

test.each([
  ['another tenant', 'globex'],
  ['no tenant', ''],
])(
  'a superuser’s transaction that has %s has it still after the journal was written',
  async (_, other) => {
    const id = await makeJob();
    const [row] = await run(
      database.superuser,
      `begin; select set_config('app.current_tenant', '${other}', true);
     update backfill_jobs set state = 'paused' where id = '${id}';
     select current_setting('app.current_tenant') as tenant`,
    );
    expect(row).toEqual({ tenant: other });
  },
);

test('a pause does not wait for a locked journal, and the executors are notified', async () => {
  const id = await makeJob();
  const holder = new Client(database.superuser);
  await holder.connect();
  await holder.query('begin; lock table backfill_events in access exclusive mode');
  const writer = await ExternalWriter.open(base, tenant);
  try {
    await writer.rows(`update backfill_jobs set state = 'paused' where id = $1`, [id]);
    expect(await jobOf(id)).toMatchObject({ state: 'paused', version: 8 });
    await waitFor('the notification', () => heard.length > 0);
    expect(heard).toEqual([wakeUp]);
    expect(await writer.rows('show lock_timeout')).toEqual([{ lock_timeout: '0' }]);
  } finally {
    await writer.close();
    await holder.end();
  }
});

describe('leases are revoked', () => {
  test.each([
    ['a minute and a second ago', `now() - interval '61 seconds'`, true],
    ['the beginning of time', `'-infinity'`, true],
    ['an older moment than it was', `heartbeat_at - interval '1 hour'`, true],
    ['half a minute ago', `now() - interval '30 seconds'`, false],
    ['the future', `now() + interval '1 hour'`, false],
    ['nothing', 'null', false],
    ['what it was', 'heartbeat_at', false],
  ])('when the heartbeat is set to %s: %s', async (_, value, expected) => {
    const id = await makeJob({ heartbeat_at: minutesAgo(15) });
    await run(
      database.superuser,
      `update backfill_jobs set heartbeat_at = ${value} where id = '${id}'`,
    );
    expect(await voidSince(id)).toBe(expected ? 'now' : null);
  });

  test('by the clock, not by when a long transaction began', async () => {
    const id = await makeJob();
    await run(
      database.superuser,
      `begin; select pg_sleep(0.02); update backfill_jobs set heartbeat_at = now() - interval '5 minutes' where id = '${id}'; commit`,
    );
    const [row] = await run<{ later: boolean }>(
      database.superuser,
      `select leases_revoked_at > heartbeat_at + interval '5 minutes' + interval '15 ms' as later from backfill_jobs where id = $1`,
      [id],
    );
    expect(row).toEqual({ later: true });
  });
});

test.each([
  ['failed', 'waiting_upstream', true],
  ['failed', 'running', false],
  ['completed', 'running', false],
  ['cancelled', 'pending', true],
])(
  'a job that becomes %s from %s has partitions to skip: %s',
  async (to, from, needs_finalizing) => {
    const id = await makeJob({ state: from });
    await run(database.superuser, 'update backfill_jobs set state = $2 where id = $1', [id, to]);
    expect(await jobOf(id)).toMatchObject({ state: to, needs_finalizing });
  },
);

test('the journal does not run a function of the same name on the caller’s search_path', async () => {
  const id = await makeJob();
  await run(database.superuser, `create schema evil authorization "${base.user}"`);
  await run(
    base,
    `set app.current_tenant = '${tenant}';
     create function evil.md5(text) returns text language sql as $$ select 'hijacked' $$;
     create function evil.current_setting(text, boolean) returns text language sql as $$ select 'hijacked' $$;
     create table evil.backfill_events (id int);
     grant usage on schema evil to public;
     set search_path = evil, public, pg_catalog;
     update backfill_jobs set state = 'paused' where id = '${id}'`,
  );
  expect(await journalOf(id)).toMatchObject([{ actor: base.user }]);
  await waitFor('the notification', () => heard.length > 0);
  expect(heard).toEqual([wakeUp]);
});
