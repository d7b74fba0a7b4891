import type { Check, Diagnosis, Level } from '../domain/diagnosis.ts';
import { settingsWords } from './setting-words.ts';

/** Above this a host's clock is worth a word; nothing is decided by it. */
const skewLimitMs = 2_000;

type Judge = (seen: Diagnosis) => Check[];
const judge =
  (check: string, say: (seen: Diagnosis) => [Level, string, string?][]): Judge =>
  (seen) =>
    say(seen).map(([level, message, hint = null]) => ({ check, level, message, hint }));

const judges: readonly Judge[] = [
  judge('connection', (seen) => [
    seen.in_recovery
      ? [
          'warning',
          `${seen.connection} is a standby: it takes no writes`,
          'name the primary, or both hosts',
        ]
      : ['ok', `${seen.connection}, ${Math.round(seen.round_trip_ms)} ms away`],
  ]),
  judge('versions', ({ server_version, program_version }) => [
    ['ok', `PostgreSQL ${server_version}, servo-tui ${program_version}`],
  ]),
  judge('schema', ({ schema }) => {
    if (schema.lowest_program === null)
      return [['fault', 'there is none', 'run: servo-tui migrate']];
    if (schema.too_new) {
      const message = `it wants servo-tui ${schema.lowest_program} or newer`;
      return [['fault', message, 'update servo-tui on this host']];
    }
    if (schema.missing.length > 0) {
      const message = `it lacks ${schema.missing.length} of this program's migrations, the first ${schema.missing[0]}`;
      return [['fault', message, 'run: servo-tui migrate']];
    }
    return schema.newer.length > 0
      ? [['note', `it is newer than this program (${schema.newer.at(-1)}), which may use it`]]
      : [['ok', "it is this program's"]];
  }),
  judge('role', ({ role, superuser, bypass_rls }) => {
    if (!superuser && !bypass_rls)
      return [['ok', `${role} is held to its tenant by row-level security`]];
    const why = superuser ? 'is a superuser' : 'has BYPASSRLS';
    const message = `RLS BYPASSED: ${role} ${why}, and only the statements' own tenant isolates`;
    return [['warning', message, 'connect as servo_app']];
  }),
  judge('row security', ({ tables }) => {
    const open = tables.filter((one) => !one.enabled || !one.forced || one.policies === 0);
    if (tables.length === 0) return [];
    if (open.length === 0) return [['ok', `enabled and forced on ${named(tables)}`]];
    return [
      [
        'warning',
        `not enabled, not forced or without a policy on ${named(open)}`,
        'add it with: servo-tui migrate --rls',
      ],
    ];
  }),
  judge('encoding', ({ encoding }) => [
    encoding === 'UTF8'
      ? ['ok', 'UTF8']
      : [
          'fault',
          `the database has ${encoding}; servo-tui needs UTF8`,
          "create another one: create database NAME encoding 'UTF8' locale 'C' template template0",
        ],
  ]),
  judge('settings', ({ settings, pooled }) => settingsWords(settings, pooled)),
  judge('clock', ({ clock_skew_ms }) => {
    const seconds = (Math.abs(clock_skew_ms) / 1000).toFixed(1);
    if (Math.abs(clock_skew_ms) < skewLimitMs) return [['ok', "within 2 s of the database's"]];
    const way = clock_skew_ms > 0 ? 'ahead of' : 'behind';
    return [
      [
        'note',
        `this host is ${seconds} s ${way} the database, whose clock alone decides`,
        'check its time service',
      ],
    ];
  }),
  judge('pooler', ({ pooled }) => [
    pooled
      ? [
          'note',
          'a pooler stands in between: executors register without a session lock, so that a dead one is noticed by its leases, after 2 minutes',
          'give workers a direct connection',
        ]
      : ['ok', 'none: sessions are our own'],
  ]),
  judge('snapshots', ({ old_snapshots, sees_sessions }) => {
    const told = old_snapshots.map((one): [Level, string, string] => [
      'warning',
      `pid ${one.pid} (${one.user ?? '?'}, ${one.application || 'unnamed'}, ${one.state ?? '?'}) has held a snapshot for ${Math.round(one.seconds)} s: steps slow down while it does`,
      `end it where it is forgotten: select pg_terminate_backend(${one.pid})`,
    ]);
    if (told.length > 0) return told;
    return sees_sessions
      ? [['ok', 'none is held for over 60 s']]
      : [
          [
            'note',
            `none of this role is held for over 60 s; others' cannot be seen`,
            'grant pg_read_all_stats to the role',
          ],
        ];
  }),
  judge('tenant', ({ tenant, has_jobs }) => {
    if (tenant === null) {
      const message = 'no visibility: without a tenant there are no rows to see';
      return [['note', message, 'set TENANT_ID, or give --tenant']];
    }
    if (has_jobs === null) return [];
    return has_jobs
      ? [['ok', `${tenant} has jobs`]]
      : [['note', `${tenant} has no jobs, or it is not called so`]];
  }),
  judge('executors', ({ executors, program_version }) => {
    if (executors === null) return [];
    const { alive, held, draining, versions } = executors;
    if (alive === 0) return [['warning', 'none lives', 'start one: servo-tui --worker']];
    const others = versions.filter((version) => version !== program_version);
    const more = [
      ...(held > 0 ? [`${held} held`] : []),
      ...(draining > 0 ? [`${draining} draining`] : []),
      ...(others.length > 0 ? [`of servo-tui ${others.join(', ')} too`] : []),
    ];
    const message = [`${alive} alive`, ...more].join(', ');
    return held === alive
      ? [['warning', message, 'see why: servo-tui executors']]
      : [['ok', message]];
  }),
];

function named(tables: Diagnosis['tables']): string {
  return tables.map((table) => table.name).join(', ');
}

/** What is to be said of each point, in order. */
export function checksOf(seen: Diagnosis): Check[] {
  return judges.flatMap((one) => one(seen));
}
