import type { Check, Diagnosis, Level } from '../../domain/triage/diagnosis.ts';
import { type Protected, type Protection, protectionsOf } from '../../domain/triage/protection.ts';
import { settingsText } from '../job/settings-text.ts';
import { plural } from '../text/format.ts';
import { blockerText } from './explain-reason.ts';

/** A larger skew is reported; nothing depends on this host's clock. */
const skewLimitMs = 2_000;

type Rule = (seen: Diagnosis) => Check[];
const rule =
  (check: string, evaluate: (seen: Diagnosis) => [Level, string, string?][]): Rule =>
  (seen) =>
    evaluate(seen).map(([level, message, hint = null]) => ({ check, level, message, hint }));

const rules: readonly Rule[] = [
  rule('connection', (seen) => [
    seen.in_recovery
      ? [
          'warning',
          `${seen.connection} is a standby: read-only`,
          'connect to the primary, or list both hosts',
        ]
      : ['ok', `${seen.connection}, ${Math.round(seen.round_trip_ms)} ms away`],
  ]),
  rule('versions', ({ server_version, program_version }) => [
    ['ok', `PostgreSQL ${server_version}, servo-tui ${program_version}`],
  ]),
  rule('schema', ({ schema }) => {
    if (schema.lowest_program === null)
      return [['fault', 'no schema found', 'run: servo-tui migrate']];
    if (schema.too_new) {
      const message = `requires servo-tui ${schema.lowest_program} or newer`;
      return [['fault', message, 'update servo-tui on this host']];
    }
    if (schema.missing.length > 0) {
      const message = `${plural(schema.missing.length, 'migration')} missing, the first ${schema.missing[0]}`;
      return [['fault', message, 'run: servo-tui migrate']];
    }
    return schema.newer.length > 0
      ? [['note', `newer than this program (${schema.newer.at(-1)}), but compatible`]]
      : [['ok', 'up to date']];
  }),
  rule('role', ({ role, superuser, bypass_rls }) => {
    if (!superuser && !bypass_rls)
      return [['ok', `${role} is restricted to its tenant by row-level security`]];
    const why = superuser ? 'is a superuser' : 'has BYPASSRLS';
    const message = `RLS BYPASSED: ${role} ${why}; only the tenant in each statement isolates`;
    return [['warning', message, 'connect as servo_app']];
  }),
  rule('row security', ({ tables }) => {
    const open = tables.filter((one) => !one.enabled || !one.forced || one.policies === 0);
    if (tables.length === 0) return [];
    if (open.length === 0) return [['ok', `enabled and forced on ${named(tables)}`]];
    return [
      [
        'warning',
        `not enabled, not forced or without a policy on ${named(open)}`,
        'run: servo-tui migrate --rls',
      ],
    ];
  }),
  rule('encoding', ({ encoding }) => [
    encoding === 'UTF8'
      ? ['ok', 'UTF8']
      : [
          'fault',
          `the database has ${encoding}; servo-tui requires UTF8`,
          "create a new one: create database NAME encoding 'UTF8' locale 'C' template template0",
        ],
  ]),
  rule('settings', ({ settings, pooled }) => settingsText(settings, pooled)),
  rule('protection', ({ protection }) => {
    const all = protectionsOf(protection);
    if (all.length === 0) return [];
    const bad = all.filter(({ level }) => level === 'warning');
    if (bad.length === 0) {
      const { tables, functions } = protection;
      const protectedOnes = `${plural(tables.length, 'table')} and ${plural(functions.length, 'function')}`;
      return [['ok', `${protectedOnes} are protected`]];
    }
    return bad.map(({ kind, name, protection: why }): [Level, string, string] => [
      'warning',
      `${kind} ${name}: ${protectionTexts[why]}`,
      kind === 'table' ? 'run: servo-tui migrate --rls' : protectionHint(name),
    ]);
  }),
  rule('locks', ({ claim_blockers }) => {
    if (claim_blockers === null) return [];
    if (claim_blockers.length === 0) return [['ok', 'no session blocks claims']];
    return claim_blockers.map((one) => [
      'warning',
      `${blockerText(one)} holds a lock that blocks every claim of the tenant`,
      `if it was forgotten, end it: select pg_terminate_backend(${one.pid})`,
    ]);
  }),
  rule('clock', ({ clock_skew_ms }) => {
    const seconds = (Math.abs(clock_skew_ms) / 1000).toFixed(1);
    if (Math.abs(clock_skew_ms) < skewLimitMs) return [['ok', "within 2 s of the database's"]];
    const way = clock_skew_ms > 0 ? 'ahead of' : 'behind';
    return [
      [
        'note',
        `this host is ${seconds} s ${way} the database; only the database's clock is used`,
        'check NTP on this host',
      ],
    ];
  }),
  rule('pooler', ({ pooled }) => [
    pooled
      ? [
          'note',
          'connected through a pooler: executors have no session lock, so a dead one is detected by its expired leases, after 2 minutes',
          'connect executors directly',
        ]
      : ['ok', 'none: direct connection'],
  ]),
  rule('snapshots', ({ old_snapshots, sees_sessions }) => {
    const old = old_snapshots.map((one): [Level, string, string] => [
      'warning',
      `pid ${one.pid} (${one.user ?? '?'}, ${one.application || 'unnamed'}, ${one.state ?? '?'}) has held a snapshot for ${Math.round(one.seconds)} s: batches slow down until it ends`,
      `if it was forgotten, end it: select pg_terminate_backend(${one.pid})`,
    ]);
    if (old.length > 0) return old;
    return sees_sessions
      ? [['ok', 'none older than 60 s']]
      : [
          [
            'note',
            `none of this role older than 60 s; those of other roles are not visible`,
            'grant pg_read_all_stats to the role',
          ],
        ];
  }),
  rule('tenant', ({ tenant, has_jobs, visible }) => {
    if (tenant === null) {
      const message = 'no visibility: no tenant is set';
      return [['note', message, 'set TENANT_ID or pass --tenant']];
    }
    if (has_jobs === null) return [];
    if (visible === false) {
      const message = `no visibility: no job, asset or executor found for tenant "${tenant}"`;
      return [['warning', message, 'check the name']];
    }
    return has_jobs ? [['ok', `${tenant} has jobs`]] : [['note', `${tenant} has no jobs`]];
  }),
  rule('executors', ({ executors, program_version }) => {
    if (executors === null) return [];
    const { alive, on_hold, draining, versions } = executors;
    if (alive === 0)
      return [['warning', 'no executor is running', 'start one: servo-tui --worker']];
    const others = versions.filter((version) => version !== program_version);
    const more = [
      ...(on_hold > 0 ? [`${on_hold} on hold`] : []),
      ...(draining > 0 ? [`${draining} draining`] : []),
      ...(others.length > 0 ? [`also servo-tui ${others.join(', ')}`] : []),
    ];
    const message = [`${alive} alive`, ...more].join(', ');
    return on_hold === alive
      ? [['warning', message, 'see why: servo-tui executors']]
      : [['ok', message]];
  }),
];

const protectionTexts: Readonly<Record<Protection, string>> = {
  forced: 'row-level security, for its owner too',
  enabled: 'row-level security',
  owner_only: 'only its owner sees rows',
  read_only: 'no tenant rows; only its owner can write',
  open: 'no row-level security: every role with a grant sees all tenants',
  not_forced: 'row-level security, but not for its owner',
  caller: "runs with its caller's rights",
  owner: "runs with its owner's rights; granted by name, checks the session's tenant",
  public_owner: "runs with its owner's rights, and PUBLIC may call it",
  unpinned: "runs with its owner's rights and its caller's search_path",
};

function protectionHint(name: string): string {
  return `run: servo-tui migrate; or: revoke execute on function ${name} from public`;
}

export function protectionText({ protection }: Protected): string {
  return protectionTexts[protection];
}

function named(tables: Diagnosis['tables']): string {
  return tables.map((table) => table.name).join(', ');
}

export function checksOf(seen: Diagnosis): Check[] {
  return rules.flatMap((one) => one(seen));
}
