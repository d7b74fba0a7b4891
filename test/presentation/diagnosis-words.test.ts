import { describe, expect, test } from 'vitest';
import type { Check, Diagnosis } from '../../source/domain/triage/diagnosis.ts';
import { protectionsOf } from '../../source/domain/triage/protection.ts';
import { checksOf, protectionText } from '../../source/presentation/triage/diagnosis-text.ts';
import { expectTexts } from '../support/texts.ts';

describe('doctor', () => {
  const table = { name: 'jobs', enabled: true, forced: true, policies: 1 };
  const healthy: Diagnosis = {
    connection: 'app@db:5432/w',
    round_trip_ms: 1.4,
    server_version: '16.1',
    in_recovery: false,
    program_version: '0.1.0',
    schema: { lowest_program: '0.1.0', missing: [], newer: [], too_new: false },
    role: 'servo_app',
    superuser: false,
    bypass_rls: false,
    tables: [table],
    protection: {
      tables: [
        {
          name: 'jobs',
          shared: true,
          enabled: true,
          forced: true,
          policies: 1,
          permissive: 1,
          writers: [],
        },
      ],
      functions: [{ name: 'heartbeat', definer: false, pinned: true, public: true, callers: [] }],
    },
    clock_skew_ms: 10,
    pooled: false,
    sees_sessions: true,
    encoding: 'UTF8',
    settings: [],
    old_snapshots: [],
    tenant: 'acme',
    executors: { alive: 2, on_hold: 0, draining: 0, versions: ['0.1.0'] },
    has_jobs: true,
    visible: true,
    claim_blockers: [],
  };
  const checks = (changes: Partial<Diagnosis> = {}) => checksOf({ ...healthy, ...changes });
  const schema = (changes: Partial<Diagnosis['schema']>) => ({
    schema: { ...healthy.schema, ...changes },
  });
  const executors = (changes: Partial<NonNullable<Diagnosis['executors']>>) => ({
    executors: { ...healthy.executors!, ...changes },
  });
  const fn = { ...healthy.protection.functions[0]!, definer: true };
  const snapshot = { pid: 7, user: 'mara', application: 'psql', state: 'idle', seconds: 90.4 };

  test('of a database that is as it should be says only ok, once of each point', () => {
    const points = [
      'connection',
      'versions',
      'schema',
      'role',
      'row security',
      'encoding',
      'protection',
      'locks',
      'clock',
      'pooler',
      'snapshots',
      'tenant',
      'executors',
    ];
    const told = checks().filter(({ check }) => check !== 'settings');
    expect(told.map(({ check }) => check)).toEqual(points);
    expect(checks().filter(({ level, hint }) => level !== 'ok' || hint !== null)).toEqual([]);
    expect(told.map(({ message }) => message).join('\n')).toMatch(
      /app@db:5432\/w, 1 ms[\s\S]*16\.1, servo-tui 0\.1\.0[\s\S]*servo_app[\s\S]*jobs[\s\S]*UTF8[\s\S]*1 table and 1 function[\s\S]*acme has jobs[\s\S]*2 alive/,
    );
  });

  const findings: [string, Partial<Diagnosis>, Check['level'], RegExp, RegExp | null][] = [
    ['connection', { in_recovery: true }, 'warning', /^app@db:5432\/w is a standby/, /primary/],
    [
      'schema',
      schema({ lowest_program: null }),
      'fault',
      /^no schema found$/,
      /servo-tui migrate$/,
    ],
    [
      'schema',
      schema({ too_new: true, lowest_program: '9.0.0' }),
      'fault',
      /9\.0\.0/,
      /update servo-tui/,
    ],
    [
      'schema',
      schema({ missing: ['0007_x', '0008_y'] }),
      'fault',
      /^2 migrations missing, the first 0007_x$/,
      /servo-tui migrate$/,
    ],
    [
      'schema',
      schema({ newer: ['0098_x', '0099_y'] }),
      'note',
      /newer than this program \(0099_y\)/,
      null,
    ],
    [
      'role',
      { superuser: true, bypass_rls: true },
      'warning',
      /servo_app is a superuser/,
      /servo_app$/,
    ],
    ['role', { bypass_rls: true }, 'warning', /servo_app has BYPASSRLS/, /servo_app$/],
    ...[{ enabled: false }, { forced: false }, { policies: 0 }].map(
      (change): (typeof findings)[number] => [
        'row security',
        { tables: [table, { ...table, name: 'bad', ...change }] },
        'warning',
        /policy on bad$/,
        /migrate --rls$/,
      ],
    ),
    ['encoding', { encoding: 'LATIN1' }, 'fault', /has LATIN1/, /create database/],
    [
      'protection',
      {
        protection: {
          ...healthy.protection,
          tables: [{ ...healthy.protection.tables[0]!, forced: false }],
        },
      },
      'warning',
      /^table jobs: .*not for its owner$/,
      /migrate --rls$/,
    ],
    [
      'protection',
      { protection: { ...healthy.protection, functions: [fn] } },
      'warning',
      /^function heartbeat: .*PUBLIC may call it$/,
      /revoke execute on function heartbeat/,
    ],
    [
      'protection',
      { protection: { tables: [], functions: [{ ...fn, public: false, pinned: false }] } },
      'warning',
      /^function heartbeat: .*search_path$/,
      /revoke/,
    ],
    [
      'locks',
      {
        claim_blockers: [
          { pid: 4711, login: 'mara', application: 'psql', state: 'idle', seconds: 60 },
        ],
      },
      'warning',
      /^pid 4711 \(mara, psql, idle, for 1m\)/,
      /pg_terminate_backend\(4711\)$/,
    ],
    ['clock', { clock_skew_ms: 2000 }, 'note', /2\.0 s ahead of/, /NTP/],
    ['clock', { clock_skew_ms: -2500 }, 'note', /2\.5 s behind/, /NTP/],
    ['pooler', { pooled: true }, 'note', /pooler/, /direct/],
    [
      'snapshots',
      { old_snapshots: [snapshot] },
      'warning',
      /^pid 7 \(mara, psql, idle\) .* 90 s/,
      /pg_terminate_backend\(7\)$/,
    ],
    [
      'snapshots',
      {
        old_snapshots: [{ ...snapshot, user: null, application: '', state: null }],
        sees_sessions: false,
      },
      'warning',
      /^pid 7 \(\?, unnamed, \?\)/,
      /7/,
    ],
    ['snapshots', { sees_sessions: false }, 'note', /not visible$/, /pg_read_all_stats/],
    ['tenant', { tenant: null }, 'note', /no tenant is set$/, /TENANT_ID/],
    ['tenant', { visible: false }, 'warning', /tenant "acme"$/, /name/],
    ['tenant', { has_jobs: false }, 'note', /^acme has no jobs$/, null],
    [
      'executors',
      executors({ alive: 0 }),
      'warning',
      /^no executor is running$/,
      /servo-tui --worker$/,
    ],
    [
      'executors',
      executors({ on_hold: 2 }),
      'warning',
      /^2 alive, 2 on hold$/,
      /servo-tui executors$/,
    ],
    [
      'executors',
      executors({ on_hold: 1, draining: 1, versions: ['0.1.0', '0.2.0', '0.3.0'] }),
      'ok',
      /^2 alive, 1 on hold, 1 draining, also servo-tui 0\.2\.0, 0\.3\.0$/,
      null,
    ],
    ['clock', { clock_skew_ms: -1999 }, 'ok', /./, null],
  ];
  test.each(findings)('%s, %o: %s', (point, changes, level, message, hint) => {
    const told = checks(changes).filter(({ check }) => check === point);
    expect(told.map((one) => one.level)).toEqual([level]);
    expect(told[0]!.message).toMatch(message);
    if (hint === null) expect(told[0]!.hint).toBeNull();
    else expect(told[0]!.hint).toMatch(hint);
  });

  const protectedAs: Partial<Diagnosis['protection']['tables'][number]>[] = [
    {},
    { shared: false, forced: false },
    { enabled: false },
    { enabled: false, writers: ['app'] },
    { enabled: false, shared: false },
    { enabled: false, shared: false, writers: ['app'] },
    { forced: false },
    { permissive: 0 },
    { permissive: 0, shared: false, forced: false },
  ];
  const calledAs: Partial<typeof fn>[] = [
    { definer: false },
    { public: false },
    { public: false, callers: ['app'] },
    {},
    { pinned: false },
    { public: false, pinned: false },
  ];
  const setting = (name: string, own: boolean) => ({ name, value: 'on', wanted: 'off', own });
  const settings = ['default_transaction_read_only', 'session_replication_role'].flatMap((name) => [
    setting(name, false),
    setting(name, true),
  ]);
  const odd = [setting('synchronous_commit', false), setting('jit', false)];
  const withSettings: Partial<Diagnosis>[] = [[], odd, settings, settings.slice(1, 2)].flatMap(
    (settings) => [{ settings }, { settings, pooled: true }],
  );

  test('each finding in full, and what protects each table and function', async () => {
    const told = (all: Check[]) =>
      all.map(
        ({ check, level, message, hint }) => `${check}: ${level}: ${message} | ${hint ?? '–'}`,
      );
    const healthyLines = told(checks());
    const news = [...findings.map(([, changes]) => changes), ...withSettings].flatMap((changes) =>
      told(checks(changes)).filter((line) => !healthyLines.includes(line)),
    );
    const [firstTable] = healthy.protection.tables;
    const protections = protectionsOf({
      tables: protectedAs.map((changes) => ({ ...firstTable!, ...changes })),
      functions: calledAs.map((changes) => ({ ...fn, ...changes })),
    }).map((one) => `${one.kind}: ${one.level}: ${one.protection}: ${protectionText(one)}`);
    await expectTexts('doctor', [...healthyLines, ...new Set(news), ...protections]);
  });

  test('says nothing of a point of which nothing is known', () => {
    const unknown: [string, Partial<Diagnosis>][] = [
      ['row security', { tables: [] }],
      ['protection', { protection: { tables: [], functions: [] } }],
      ['locks', { claim_blockers: null }],
      ['tenant', { has_jobs: null }],
      ['executors', { executors: null }],
    ];
    for (const [point, changes] of unknown)
      expect(checks(changes).filter(({ check }) => check === point)).toEqual([]);
  });
});
