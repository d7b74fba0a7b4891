import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobStates } from '../../source/domain/job/state.ts';
import { clauses, type ExplainFacts } from '../../source/domain/triage/explain.ts';
import { explainReason } from '../../source/presentation/triage/explain-reason.ts';

const root = resolve(import.meta.dirname, '../..');
const filesOf = (folder: string, ...endings: string[]) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => ({ name, text: readFileSync(join(root, folder, name), 'utf8') }));

/** The arguments of every call of `name` in a text of SQL, one list for each call. */
function callsOf(name: string, text: string): string[][] {
  return [...text.matchAll(new RegExp(`(?<![\\w-])${name}\\(`, 'g'))].map((match) => {
    const args: string[] = [''];
    let depth = 1;
    let quoted = false;
    for (let at = match.index + match[0].length; depth > 0 && at < text.length; at++) {
      const char = text[at]!;
      if (char === "'") quoted = !quoted;
      if (!quoted && char === '(') depth++;
      if (!quoted && char === ')') depth--;
      if (depth === 0) break;
      if (!quoted && depth === 1 && char === ',') args.push('');
      else args[args.length - 1] += char;
    }
    return args.map((arg) => arg.trim());
  });
}

/** Never null: of a function or a type that is not, by the column's constraint, or by the statement around it. */
const neverNull = [
  /^'/,
  /^(coalesce|count|servo_max_parallel|greatest|cardinality)\(/,
  // Of rows that are there.
  /^\(select string_agg\(distinct quote_literal\(s\)/,
  // A `case` with an `else`, and parts of names in schema scripts.
  /^case\b.*\belse\b/s,
  /^(p_job|p_key|key|every|t|v_role|c\.\w+|r\.(name|privilege|columns)|current_schema\(\)|string_agg\(.*)$/s,
  /^(j\.state|p\.state|p\.attempt_count|partition_key|j\.total_partitions|j\.(completed|failed|skipped)_partitions)$/,
  /^r\.(attempt|outcome|total|open|leases|completed|failed|skipped|most_failures)$/,
  /^(v_total( - v_rows)?|f\.repeats|left\(f\.message, 500\)|p_owner|r\.message|old\.state|new\.state|session_user|current_user)$/,
  /^p\.crash_count::bigint \+ 1$/,
  // What refuses a tenant, and policies' texts, which are made of names.
  /^(text|role|tenant_id|r\.(job|tenant)|new\.(backfill_job_id|tenant_id)|p_tenant|quote_ident\(v_role\))$/,
  /^(v_rows|lost\.(crashes|owner)|j\.version|t\.transitions|c\.(open|children)|e\.(ended|actor))$/,
  // Compared with, or joined by, in the same statement.
  /^(before|from_state|p\.started_at|p\.lease_owner|l\.at|lease_expires_at)$/,
];

describe('A30 no text has a hole where a value is missing', () => {
  const sql = [
    ...filesOf('migrations', '.sql'),
    ...filesOf('source/database', '.ts').filter(({ text }) => /`[^`]*\bselect\b/i.test(text)),
  ];

  test('A30 format() makes an empty text of a null: each argument is one that is never null', () => {
    const calls = sql.flatMap(({ name, text }) =>
      // A statement that is made with format() breaks where a value is missing.
      callsOf('format', text.replace(/execute format\(/g, 'execute statement('))
        .filter(([first]) => !/%[IL]|%1\$s/.test(first!))
        .map((args) => ({ name, args })),
    );
    expect(calls.length).toBeGreaterThan(30);
    const holes = calls.flatMap(({ name, args }) =>
      args
        .slice(1)
        .filter((arg) => !neverNull.some((known) => known.test(arg)))
        .map((arg) => `${name}: ${arg}`),
    );
    expect(holes).toEqual([]);
  });

  test('A30 format() is never null: no coalesce() asks whether it is', () => {
    const asked = sql.flatMap(({ name, text }) =>
      callsOf('coalesce', text)
        .filter(([first]) => /^(format|concat|concat_ws)\(/.test(first!))
        .map(([first]) => `${name}: ${first}`),
    );
    expect(asked).toEqual([]);
  });

  test('A30 a template says what it says where something is absent', () => {
    const templates = filesOf('source', '.ts', '.tsx').flatMap(({ name, text }) =>
      [...text.matchAll(/\$\{[^{}]*\?\.[^{}]*\}/g)]
        .map(([part]) => part)
        .filter((part) => !/\?\?|\|\||===/.test(part))
        .map((part) => `${name}: ${part}`),
    );
    expect(templates).toEqual([]);
  });

  test('A30 what explain says of a job of which nothing more is known', () => {
    const as_of = new Date('2024-05-14T12:00:00Z');
    const bare: ExplainFacts = {
      as_of,
      id: '00000001-0000-4000-8000-000000000000',
      asset_name: 'orders',
      state: 'failed',
      version: 1,
      since: null,
      by: null,
      reason: null,
      waits_for: [],
      successor: null,
      executors: 0,
      with_handler: 0,
      draining: 0,
      ready: 0,
      hold_reason: null,
      slots: 0,
      slots_busy: 0,
      limits: [{ scope: 'tenant', name: '', max_running: 1, running: 1 }],
      ours: false,
      heartbeat_at: null,
      running_slots: 0,
      max_parallel: 1,
      running_on: [],
      silent: [],
      has_claimable: false,
      due_at: as_of,
      blocked_keys: 0,
      blocked_by: null,
      jobs_ahead: 0,
      without_outage: 0,
      blockers: [{ pid: 1, login: null, application: null, state: null, seconds: null }],
      missing: 0,
      total_partitions: 0,
      partitions_made: true,
      outages: [{ executor: 'h:1:a', host: 'h', kind: 'endpoint', message: 'gone', since: as_of }],
      failure: null,
      failing: false,
    };
    const deleted = [{ id: bare.id, asset_name: null, state: null }];
    const silent = [{ id: 'h:1:a', slots: 1, seen_at: null, until: as_of }];
    for (const clause of clauses) {
      for (const state of jobStates) {
        for (const more of [{}, { waits_for: deleted }, { silent }]) {
          const { why, next } = explainReason(clause, { ...bare, state, ...more });
          for (const text of [why, next ?? '-']) {
            expect(text, `${clause}, ${state}`).not.toMatch(/null|undefined|NaN|\s$|: *$|\(\)/);
            expect(text.trim()).not.toBe('');
          }
        }
      }
    }
  });
});
