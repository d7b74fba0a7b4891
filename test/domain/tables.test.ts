import { describe, expect, test } from 'vitest';
import { checks } from '../../source/database/queries/triage/checks.ts';
import { definitionOf } from '../../source/database/queries/triage/sql.ts';
import {
  actionRules,
  describeParameters,
  jobActions,
  readParameters,
} from '../../source/domain/job/action.ts';
import { actionSql } from '../../source/domain/job/action-sql.ts';
import { dialogsOn, dialogsWithout } from '../../source/domain/job/dialog.ts';
import {
  alternativesOf,
  alternativeText,
  parseFilter,
  textMatches,
} from '../../source/domain/job/filter.ts';
import { parseJobReference } from '../../source/domain/job/reference.ts';
import type { JobSettings } from '../../source/domain/job/settings.ts';
import { jobStates } from '../../source/domain/job/state.ts';
import { changeStrategy, readStrategy, writeStrategy } from '../../source/domain/job/strategy.ts';
import {
  isHeader,
  parseKeyFile,
  parseRange,
  periodOfKey,
  problemOfKey,
  problemOfLine,
  stepOf,
} from '../../source/domain/partition/key.ts';
import { granularities, parsePeriod } from '../../source/domain/partition/period.ts';
import { refusalOf, refusedOutcome } from '../../source/domain/partition/refusal.ts';
import { readAssetDefaults, readGranularity } from '../../source/domain/start/asset.ts';
import { type KeySource, readStart, type StartInput } from '../../source/domain/start/request.ts';
import {
  countKeys,
  listOf,
  unionOfKeys,
  upstreamKeys,
} from '../../source/domain/start/upstream-keys.ts';
import { nearest } from '../../source/domain/text/nearest.ts';
import { parseMoment, problemOfDeadline } from '../../source/domain/time/deadline.ts';
import { parseDuration, roughDuration, writeDuration } from '../../source/domain/time/duration.ts';
import { farWord, isFar, later, readTime, writeTime } from '../../source/domain/time/time.ts';
import { alertNames, alertTable, firingFirst } from '../../source/domain/triage/alerts.ts';
import { type FoundRow, remedyRefusal } from '../../source/domain/triage/checks.ts';
import {
  type ClaimScene,
  emptyScene,
  factsIn,
  servedAssets,
} from '../../source/domain/triage/claim-scene.ts';
import { type EscalationFacts, escalationsOf } from '../../source/domain/triage/escalation.ts';
import { clauses, type ExplainFacts, explain } from '../../source/domain/triage/explain.ts';
import { recommend, recommendByClause, scenarioOf } from '../../source/domain/triage/recommend.ts';
import { causeBySqlstate } from '../../source/domain/triage/sql-cause.ts';
import {
  thresholdDefaults,
  thresholdNames,
  thresholdUnit,
} from '../../source/domain/triage/thresholds.ts';
import { alertRows } from '../support/board-rows.ts';
import { explainFacts } from '../support/explained.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

/** A value as a line; what is undefined is said to be. */
const line = (value: unknown) =>
  JSON.stringify(value, (_, one) => (one === undefined ? 'undefined' : one)) ?? 'undefined';
const lines = <I>(say: (input: I) => unknown, inputs: readonly I[]) =>
  inputs.map((input) => `  ${line(input)} → ${line(say(input))}`);
const held = (name: string, sections: Record<string, readonly string[]>) =>
  expectTexts(
    name,
    Object.entries(sections).flatMap(([title, of]) => [title, ...of]),
    'domain',
  );
const id = '0000abcd-0000-4000-8000-000000000000';
const found = (changes: Partial<FoundRow> = {}): FoundRow => ({
  job_id: id,
  asset_name: 'orders',
  state: 'running',
  version: 7,
  since: secondsAgo(600),
  cells: {},
  ...changes,
});

describe('each table in full', () => {
  test('alerts and thresholds', () => {
    const rowsOf = (seen: Date | null) => [
      found({ since: null }),
      found({ since: secondsAgo(60), cells: { last_seen_at: seen } }),
      found({ since: secondsAgo(600), cells: { last_seen_at: secondsAgo(900) } }),
      ...Array.from({ length: 12 }, (_, at) => found({ since: secondsAgo(50 - at) })),
    ];
    return held('alerts', {
      alerts: alertNames.map((name) => {
        const { threshold, adjust, lasting, since, ...row } = alertTable[name];
        const begun = [rowsOf(null), rowsOf(secondsAgo(30)), [found({ since: null })], []].map(
          (rows) => since(rows, thresholdDefaults),
        );
        const adjusted = adjust?.(thresholdDefaults).heartbeat_stale;
        return `  ${name} ${line({ ...row, threshold: threshold(thresholdDefaults), adjusted, lasting: lasting?.(thresholdDefaults), begun })}`;
      }),
      thresholds: thresholdNames.map(
        (name) => `  ${name} ${thresholdDefaults[name]} ${thresholdUnit(name)}`,
      ),
      'firing first': firingFirst(
        [...alertRows].reverse().flatMap((alert) => [
          { ...alert, firing: true, severity: 'warning' as const },
          { ...alert, firing: false },
          { ...alert, firing: true, severity: 'critical' as const },
        ]),
      ).map(({ name, firing, severity }) => `  ${name} ${firing} ${severity}`),
    });
  });

  test('what is recommended in each scenario and by each clause, and how it is confirmed', () => {
    const context = { tenant: 'acme', thresholds: thresholdDefaults, job: id, limit: 10 };
    const upstream = { id, asset_name: 'raw', state: 'failed' };
    const worlds: Partial<ExplainFacts>[] = [
      {},
      { with_handler: 0, ready: 0 },
      { slots_busy: 4 },
      { slots_busy: 4, jobs_ahead: 2 },
      { hold_reason: 'lag' },
      { state: 'paused' },
      { state: 'failed' },
      { state: 'failed', waits_for: [upstream as never] },
      { state: 'failed', waits_for: [{ ...upstream, state: null } as never] },
      { state: 'failed', successor: { id, state: 'running' } },
      { state: 'cancelled' },
      { state: 'completed' },
      { state: 'waiting_upstream' },
    ];
    const cells: FoundRow['cells'][] = [
      { heartbeat_age_secs: 240, risk_level: 'high' },
      { heartbeat_age_secs: 241, risk_level: 'low' },
      { heartbeat_age_secs: null, risk_level: 'medium' },
    ];
    const said = (given: ReturnType<typeof recommendByClause>) => line(given).replaceAll(id, 'ID');
    const scenarios = checks.map((one) => {
      const check = definitionOf(one, context);
      const all = worlds.flatMap((world) =>
        cells.map((cell) =>
          said(recommend({ check, rows: [found({ cells: cell })] }, explainFacts(id, world))),
        ),
      );
      return [`scenario ${check.name}`, [...new Set(all)].map((text) => `  ${text}`)] as const;
    });
    const byClause = clauses.map((clause) => {
      const all = worlds.map((world) => said(recommendByClause(clause, explainFacts(id, world))));
      return [`clause ${clause}`, [...new Set(all)].map((text) => `  ${text}`)] as const;
    });
    const everything = checks.map((one) => ({ check: definitionOf(one, context), rows: [] }));
    const order: string[] = [];
    for (let left = everything; left.length > 0; ) {
      const first = scenarioOf(left);
      if (first === null) break;
      order.push(`  ${first.check.name}`);
      left = left.filter((other) => other !== first);
    }
    return held('recommendations', {
      ...Object.fromEntries([...scenarios, ...byClause]),
      'the most urgent first': order,
    });
  });

  test('remedies of each check, and why one is impossible', () => {
    const context = { tenant: 'acme', thresholds: thresholdDefaults, job: null, limit: 10 };
    return held(
      'remedies',
      Object.fromEntries(
        checks.map((one) => {
          const { name, remedies, figure, severity, columns } = definitionOf(one, context);
          return [
            `${name} ${severity} ${figure} ${columns.map((column) => `${column.name}:${column.kind}`)}`,
            remedies.map((remedy) => {
              const refusals = [...jobStates, null].map((state) =>
                remedyRefusal(remedy, found({ state })),
              );
              const possible = [...jobStates, 'none'].filter((_, at) => refusals[at] === null);
              return `  ${remedy.action} ${remedy.command} ${remedy.sql !== null} | ${possible} | ${refusals.find((one) => one !== null) ?? '–'}`;
            }),
          ];
        }),
      ),
    );
  });

  test('escalations', () => {
    const rows = (count: number, cells: FoundRow['cells'], changes: Partial<FoundRow> = {}) =>
      Array.from({ length: count }, (_, at) =>
        found({ job_id: `job${at}`, asset_name: `asset${at}`, cells, ...changes }),
      );
    const old = { since: secondsAgo(31 * 60) };
    const one = { asset_name: 'orders' };
    const slip = { eta_slipped_secs: 1 };
    const facts: [string, EscalationFacts['found'], number?][] = [
      ['nothing', {}],
      ...(
        [
          'stuck',
          'no-progress',
          'resuming',
          'unclaimed',
          'no-executor',
          'failure-rate',
          'checkpoint',
          'at-risk',
          'breached',
          'eta',
          'queue-depth',
        ] as const
      ).map((name): [string, EscalationFacts['found']] => [name, { [name]: rows(1, {}) }]),
      ['one stuck for long', { stuck: rows(1, {}, old) }],
      ['two stuck for long', { stuck: rows(1, {}, old), 'no-progress': rows(1, {}, old) }],
      ['two stuck, unknown since when', { stuck: rows(2, {}, { since: null }) }],
      [
        'one high',
        { 'at-risk': [...rows(1, { risk_level: 'high' }), ...rows(1, { risk_level: 'low' })] },
      ],
      ['two of priority 7', { 'at-risk': rows(2, { priority: 7 }) }],
      [
        'two of priority 8',
        { 'at-risk': rows(1, { priority: 8 }), breached: rows(1, { priority: '9' }) },
      ],
      ['one at risk slips', { 'at-risk': rows(1, {}), eta: rows(1, slip) }],
      ['another slips', { 'at-risk': rows(1, {}), eta: rows(1, slip, { job_id: 'other' }) }],
      ['none slips', { 'at-risk': rows(1, {}), eta: rows(3, { eta_slipped_secs: 0 }) }],
      ['two slip', { 'at-risk': rows(1, {}), eta: rows(2, slip) }, 4],
      ['three of one asset slip', { 'at-risk': rows(1, {}), eta: rows(3, slip, one) }, 100],
      ['three slip', { 'at-risk': rows(1, {}), eta: rows(3, slip) }, 100],
      ['half of all slip', { 'at-risk': rows(1, {}), eta: rows(3, slip) }, 6],
      ['most of all slip', { 'at-risk': rows(1, {}), eta: rows(3, slip) }, 5],
    ];
    return held(
      'escalations',
      Object.fromEntries(
        facts.flatMap(([name, all, running = 10]) =>
          [null, 14, 15, 30].map((minutes) => {
            const at = minutes === null ? null : secondsAgo(minutes * 60);
            const clocks = { 'backfill-operations': at, 'backfill-sla-at-risk': at };
            const told = escalationsOf({ as_of: now, found: all, clocks, running });
            return [
              `${name}, ${minutes} minutes`,
              told.map(({ runbook, due, minutes, triggers, steps, next }) => {
                const called = steps.map((step) => `${step.who} ${step.due ? 'now' : '–'}`);
                const why = triggers.map(({ text, reason }) => `${text}: ${reason}`).join('; ');
                return `  ${runbook} ${due} ${minutes} | ${why} | ${called} | ${line(next)}`;
              }),
            ];
          }),
        ),
      ),
    );
  });

  test('what an action is, by its state, its parameters and its statement', () => {
    const shapes: [string, Parameters<typeof aJob>[0]][] = [
      ...[...jobStates, 'dreaming'].map((state): [string, Parameters<typeof aJob>[0]] => [
        state,
        { state },
      ]),
      ['with failures', { failed_partitions: 1 }],
      ['ended with failures', { state: 'failed', failed_partitions: 60 }],
      ['ended with skipped ones', { state: 'cancelled', skipped_partitions: 60 }],
      ['ended whole', { state: 'completed', completed_partitions: 100 }],
      [
        'ended by failures alone',
        { state: 'failed', completed_partitions: 90, failed_partitions: 10 },
      ],
    ];
    const settings: [string, JobSettings][] = [
      ['nothing', {}],
      ['the same', { priority: 5 }],
      ['priority', { priority: -3 }],
      ['deadline', { sla_deadline_at: secondsAgo(-3600) }],
      ['no deadline', { sla_deadline_at: null }],
      ['strategy', { strategy: { max_parallel: 9, timeout_ms: 1000 } }],
      ['all', { priority: 1, sla_deadline_at: secondsAgo(-3600), strategy: { max_attempts: 1 } }],
    ];
    const dated = aJob({ sla_deadline_at: now, tenant_id: "o'hara; x" });
    const ended = aJob({ state: 'failed', failed_partitions: 3 });
    const parameters = [
      {},
      { priority: '8', deadline: '+2h', parallel: '6', max_attempts: '2', timeout: '90s' },
      { priority: '11', deadline: 'soon', parallel: '0', max_attempts: 'x', timeout: '-1' },
      { deadline: 'none' },
      { deadline: '2020-01-01' },
    ];
    return held('actions', {
      refusals: jobActions.flatMap((action) =>
        shapes.map(
          ([name, changes]) =>
            `  ${action}, ${name}: ${actionRules[action].refusal(aJob(changes)) ?? '–'}`,
        ),
      ),
      rules: jobActions.map((action) => `  ${action} ${line(actionRules[action])}`),
      parameters: jobActions.flatMap((action) =>
        parameters.map(
          (given) =>
            `  ${action} ${describeParameters(given)} → ${line(readParameters(action, given, now))}`,
        ),
      ),
      statements: jobActions.flatMap((action) =>
        [dated, ended].flatMap((job) =>
          settings
            .filter(([name]) => name === 'nothing' || action === 'set' || action === 'recreate')
            .flatMap(([name, given]) => [
              `  -- ${action} of a ${job.state} job: ${name}`,
              actionSql(action, job, given),
            ]),
        ),
      ),
    });
  });

  test('what decides whether jobs of an asset run', () => {
    const outage = (asset: string, seconds: number) => ({
      asset,
      host: 'web-1',
      kind: 'endpoint' as const,
      message: `down for ${seconds}`,
      since: secondsAgo(seconds),
    });
    const executor = (name: string, changes: object = {}) => ({
      id: name,
      handlers: ['orders'],
      slots: 4,
      busy: 1,
      draining: false,
      hold_reason: null,
      outages: [],
      ...changes,
    });
    const limit = (scope: string, name: string, assets: string[] | null = null) =>
      ({ scope, name, max_running: 1, running: 1, assets }) as ClaimScene['limits'][number];
    const scenes: Record<string, Partial<ClaimScene>> = {
      'no executor': {},
      one: { executors: [executor('a')] },
      'another handler': { executors: [executor('a', { handlers: ['clicks'] })] },
      draining: {
        executors: [executor('a', { draining: true }), executor('b', { draining: true })],
      },
      'one drains': { executors: [executor('a', { draining: true }), executor('b')] },
      'on hold': { executors: [executor('a', { hold_reason: 'lag' })] },
      outages: {
        executors: [
          executor('a', { outages: [outage('orders', 10), outage('clicks', 90)] }),
          executor('b', { outages: [outage('orders', 60)] }),
        ],
      },
      'one outage': {
        executors: [executor('a', { outages: [outage('orders', 10)] }), executor('b')],
      },
      'other limits': {
        executors: [executor('a')],
        limits: [limit('asset', 'clicks'), limit('asset_type', 'table', ['clicks'])],
      },
      limits: {
        executors: [executor('a')],
        limits: [
          limit('tenant', ''),
          limit('asset', 'orders'),
          limit('asset_type', 'table', ['orders']),
        ],
      },
      busy: {
        executors: [
          executor('a', { busy: 4, handlers: ['orders', 'clicks'] }),
          executor('b', { slots: 0, busy: 0 }),
        ],
      },
      idle: {
        executors: [executor('a')],
        idle: { [id]: { has_claimable: false, due_at: secondsAgo(-60) } },
      },
      silent: {
        executors: [executor('a')],
        silent: { [id]: [{ id: 'x', slots: 2, seen_at: null, until: now }] },
      },
    };
    const jobs = [
      { state: 'pending', ours: true, running_slots: 0, heartbeat_at: null },
      { state: 'running', ours: true, running_slots: 0, heartbeat_at: secondsAgo(5) },
      { state: 'running', ours: false, running_slots: 0, heartbeat_at: secondsAgo(119) },
      { state: 'running', ours: false, running_slots: 0, heartbeat_at: secondsAgo(120) },
    ];
    return held(
      'claims',
      Object.fromEntries(
        Object.entries(scenes).map(([name, part]) => {
          const scene: ClaimScene = { ...emptyScene, ...part };
          const facts = jobs.map((job) =>
            factsIn(scene, { id, asset_name: 'orders', ...job }, now),
          );
          return [
            `${name}, serves ${servedAssets(scene)}`,
            [`  ${line(facts[0])}`, `  ${facts.map((one) => explain(one)).join(', ')}`],
          ];
        }),
      ),
    );
  });
});

describe('each thing that is read, as it is read', () => {
  test('times and durations', () => {
    const period = [
      '2024',
      '0000',
      '2024-13',
      '2024-02',
      '2024-02-29',
      '2023-02-29',
      '2024-02-29T23',
      '2024-02-29 23:59',
      '2024-02-29T24',
      '2024-02-29T23:60',
      '2024-02-29T23:59:59',
      '2024-02-29T23:59:60',
      '2024-02-29T23:59:59.1239Z',
      '2024-02-29T00Z',
      '2024-02-29T00+02',
      '2024-02-29T00-0330',
      '2024-02-29T00+14:00',
      '2024-02-29T00+15:00',
      '2024-02-29T00+01:60',
      '2024-02-29Z',
      ' 2024 ',
      '2024-2',
      '24',
      'x2024',
      '2024x',
      '2024-02-29T00:00:00z',
      '',
    ];
    const time = [
      '2024-02-29 12:30:15+00',
      '2024-02-29T12:30:15.1239Z',
      '2024-02-29 12:30:15.5-03:30',
      '2024-02-29 12:30:15+0530',
      '2024-02-29 12:30:15+05:30:15',
      '0044-03-15 00:00:00+00 BC',
      '294276-12-31 23:59:59+00',
      '294276-12-31 23:59:59.5+02:30',
      '-4713-01-01 00:00:00+00',
      'infinity',
      '-infinity',
      '2024-02-29',
      'soon',
      '2024-02-29 12:30:15 ',
    ];
    const duration = [
      '0s',
      '250ms',
      '1.5s',
      '1h30m',
      '2d',
      '1w',
      '36525d',
      '36526d',
      '',
      's',
      '5',
      '-5s',
      '5 s',
      '1h 30m',
      '1y',
      ' 5m ',
    ];
    const written = [0, 0.4, 1, 999, 1000, 61_000, 3_600_000, 90_061_001, 604_800_000];
    const rough = [
      -5, 0, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 3.2e13,
      3.2e14,
    ];
    const moments = ['+2h', '+', '+x', ' +90s ', '2024-01-17', '2024-01-17T05:00+02', 'none'];
    const far = [
      later(now, 9e15),
      later(now, -9e15),
      later(now, 1000),
      readTime('294276-12-31 23:59:59+00')!,
      readTime('infinity')!,
    ];
    return held('times', {
      periods: lines(parsePeriod, period),
      times: lines((text) => {
        const at = readTime(text);
        return at && [at, at.getTime(), writeTime(at), isFar(at), farWord(at)];
      }, time),
      durations: lines(parseDuration, duration),
      written: lines(writeDuration, written),
      rough: lines(roughDuration, rough),
      moments: lines(parseMoment, moments),
      deadlines: lines(
        (seconds) => problemOfDeadline(secondsAgo(seconds), now, 'deadline'),
        [-1, 0, 1, 7200],
      ),
      far: far.map(
        (at) =>
          `  ${at.toISOString()} ${isFar(at)} ${farWord(at)} ${farWord(new Date(at))} ${writeTime(at)}`,
      ),
      years: lines(
        (text) => writeTime(new Date(text)),
        [
          '0001-01-01T00:00:00Z',
          '0000-12-31T00:00:00Z',
          '-000001-12-31T00:00:00Z',
          '+012345-01-01T00:00:00Z',
        ],
      ),
    });
  });

  test('keys and ranges', () => {
    const keys = [
      '',
      '  ',
      'a',
      'a=1/x',
      '2024',
      '2024-01',
      '2024-13',
      '2024-01-31',
      '2024-02-30',
      '2024-01-31T05',
      '2024-01-31T24',
      '2024-01-29',
      'x'.repeat(255),
      'x'.repeat(256),
      '😀'.repeat(200),
      'a\u0000b',
      'a\u009fb',
      'x'.repeat(40),
      'x'.repeat(41),
    ];
    const ranges = [
      ['2024', '2024'],
      ['2024-01', '2024-02'],
      ['2024-01-15', '2024-01-15'],
      ['2024-01-17', '2024-01-15'],
      ['2024-01-15T05', '2024-01-15T07'],
      ['2024-01-15T05:30', '2024-01-15T07'],
      ['2024-01-15T00+02', '2024-01-16'],
      ['soon', 'later'],
      ['2024', 'later'],
      ['soon', '2024'],
      ['0001', '9999'],
      ['2024-01-14', '2024-01-20'],
    ];
    const files = [
      'a\nb\n',
      '\uFEFFa\r\n# no\r\n\r\n b \n',
      'a\na\nb\na\n',
      '# only',
      Array.from({ length: 14 }, (_, at) => `k${at % 7}`).join('\n'),
    ];
    const plainLines = [
      'a',
      '2024-01-01',
      '2024-01-01,5',
      '5;2024-01-01',
      '"2024-01-01"',
      '"a","b"',
      'a,b',
      `"2024-01-01"\t${'x'.repeat(50)}`,
    ];
    const headers = [
      [],
      ['day'],
      ['day', '2024-01-01'],
      ['2024-01-01', '2024-01-02'],
      ['day', '2024-01-01', 'x'],
      ['day', '2024-01'],
    ];
    const short = (text: string) =>
      text.replace(/(x|😀){30,}/gu, (run) => `${run.slice(0, 2)}×${[...run].length}`);
    return held('keys', {
      ...Object.fromEntries(
        [null, ...granularities].flatMap((every) => [
          [
            `keys of ${every}`,
            keys.map((key) =>
              short(
                `  ${line(key)} → ${problemOfKey(key, every)} | ${line(periodOfKey(key, every))}`,
              ),
            ),
          ],
          [
            `any keys of ${every}`,
            keys.map((key) => short(`  ${line(key)} → ${problemOfKey(key, every, true)}`)),
          ],
        ]),
      ),
      ...Object.fromEntries(
        granularities.map((every) => [
          `ranges of ${every}`,
          ranges.map(
            ([start, end]) => `  ${start} ${end} → ${line(parseRange(every, start!, end!))}`,
          ),
        ]),
      ),
      steps: lines(
        (bounds) => stepOf(...bounds),
        [...ranges, [undefined as never, '2024-01-01T00']],
      ),
      files: lines(parseKeyFile, files),
      lines: plainLines.map((text) => short(`  ${line(text)} → ${problemOfLine(text)}`)),
      headers: lines(isHeader, headers),
    });
  });

  test('keys of upstreams', () => {
    const range = (
      every: (typeof granularities)[number],
      first: string,
      last: string,
    ): KeySource => {
      const read = parseRange(every, first, last);
      if ('problems' in read) throw new Error(read.problems.join());
      return read;
    };
    const sources: KeySource[] = [
      range('day', '2024-01-30', '2024-02-01'),
      range('week', '2024-01-29', '2024-02-05'),
      range('month', '2024-01', '2024-02'),
      range('hour', '2024-01-31T22', '2024-02-01T01'),
      { list: ['2024-01-31', '2024-02-29', 'odd'] },
      { list: [] },
    ];
    const shown = (keys: KeySource) => {
      const list = listOf(keys);
      return `${'range' in keys ? 'range' : 'list'} ${countKeys(keys)}: ${list.length > 8 ? `${list.slice(0, 3)} … ${list.at(-1)}` : list}`;
    };
    const pairs: [KeySource, KeySource][] = [
      [range('day', '2024-01-01', '2024-01-03'), range('day', '2024-01-04', '2024-01-05')],
      [range('day', '2024-01-04', '2024-01-05'), range('day', '2024-01-01', '2024-01-03')],
      [range('day', '2024-01-01', '2024-01-03'), range('day', '2024-01-05', '2024-01-05')],
      [range('day', '2024-01-01', '2024-01-09'), range('day', '2024-01-03', '2024-01-05')],
      [range('day', '2024-01-29', '2024-01-31'), range('month', '2024-01', '2024-01')],
      [range('day', '2024-01-01', '2024-01-02'), { list: ['2024-01-02', 'a'] }],
      [{ list: ['b'] }, { list: ['a', 'b'] }],
    ];
    return held('upstream-keys', {
      needed: sources.flatMap((keys) =>
        [null, ...granularities].flatMap((from) =>
          [null, ...granularities].map(
            (to) => `  ${from} → ${to}: ${shown(upstreamKeys(keys, from, to))}`,
          ),
        ),
      ),
      united: pairs.map(
        ([one, other]) => `  ${shown(one)} + ${shown(other)} = ${shown(unionOfKeys(one, other))}`,
      ),
    });
  });

  test('requests, assets and strategies', () => {
    const inputs: Partial<StartInput>[] = [
      { start: '2024-01-01', end: '2024-01-03' },
      { start: '2024-01-01' },
      { end: '2024-01-03' },
      {},
      { start: '2024', end: '2024', partitions: ['a'] },
      { partitions: ['2024-01-01', '2024-01-01'] },
      { partitions: ['b', 'a'], any_key: true, every: 'hour' },
      { partitions: ['a'] },
      { partitions_file: { name: 'f', text: '2024-01-01\n2024-01-02' } },
      { partitions_file: { name: 'f', text: 'day\n2024-01-01\n2024-01-02' } },
      { partitions_file: { name: 'f', text: '"2024-01-01"\n2024-01-02,5' } },
      { partitions_file: { name: 'f', text: 'x\ny' } },
      { partitions_file: { name: 'f', text: '' }, partitions: ['a'] },
      { partitions: ['2024-01-01'], every: 'fortnight' },
      { start: '2024-01', end: '2024-02', every: 'month' },
      {
        partitions: ['2024-01-01'],
        priority: '-10',
        parallel: '1',
        max_attempts: '1',
        timeout: '1s',
        reverse: true,
      },
      {
        partitions: ['2024-01-01'],
        priority: '1.5',
        parallel: '1.5',
        max_attempts: '0',
        timeout: '0s',
      },
      {
        partitions: ['2024-01-01'],
        priority: '-11',
        parallel: '100000',
        max_attempts: '1000000',
        timeout: '999w',
      },
      {
        partitions: ['2024-01-01'],
        parallel: 'x',
        max_attempts: 'x',
        timeout: 'x',
        sla_deadline: 'x',
      },
      { partitions: ['2024-01-01'], tier: 'critical' },
      { partitions: ['2024-01-01'], tier: 'critcal' },
      { partitions: ['2024-01-01'], tier: 'critical', priority: '1' },
      { partitions: ['2024-01-01'], sla_deadline: '+2h' },
      { partitions: ['2024-01-01'], include_upstream: true },
      { partitions: ['2024-01-01'], include_upstream: true, max_upstream_depth: '3' },
      { partitions: ['2024-01-01'], include_upstream: true, max_upstream_depth: '-1' },
      { partitions: ['2024-01-01'], max_upstream_depth: '3' },
      { partitions: ['2024-01-01'], idempotency_key: '' },
      { partitions: ['2024-01-01'], idempotency_key: 'k'.repeat(300) },
      { partitions: ['2024-01-01'], idempotency_key: ' k ' },
    ] as Partial<StartInput>[];
    const configs = [
      null,
      {},
      'day',
      ...['hour', 'Day', 'WEEKLY', 'monthly', 'hourly', 'daily', 'year', 5].map((granularity) => ({
        partition_type: { Time: { granularity } },
      })),
      { partition_type: { Time: null } },
      { servo: { max_attempts: 5, timeout_ms: 600_000, max_parallel: 4 } },
      { servo: { max_attempts: 0, timeout_ms: 'x', max_parallel: 1.5 } },
      { servo: null },
      { servo: { max_attempts: 3 } },
    ];
    const strategies = [
      null,
      {},
      { type: 'parallel' },
      { type: 'parallel', max_parallel: 6 },
      { type: 'sequential', max_parallel: 6 },
      { type: 'parallel', max_parallel: 0 },
      { max_attempts: 2, timeout_ms: 5, order: 'desc' },
      { order: 'up' },
    ];
    const changes = [
      {},
      { max_parallel: 1 },
      { max_parallel: 9, max_attempts: 1 },
      { order: 'desc' as const, timeout_ms: 7 },
    ];
    return held('requests', {
      ...Object.fromEntries(
        [null, 'day' as const].map((every) => [
          `requests for ${every}`,
          inputs.map(
            (input) =>
              `  ${line(input)} → ${line(readStart({ asset: 'orders', ...input } as StartInput, every))}`,
          ),
        ]),
      ),
      granularities: lines(readGranularity, configs),
      defaults: lines(readAssetDefaults, configs),
      strategies: lines((column) => readStrategy(column), strategies),
      written: lines((change) => writeStrategy(change), changes),
      changed: strategies
        .filter((column) => column !== null)
        .flatMap((column) =>
          changes.map(
            (change) =>
              `  ${line(column)} ${line(change)} → ${line(changeStrategy(column as never, change))}`,
          ),
        ),
    });
  });

  test('filters, references and names', () => {
    const filters = [
      '',
      'state:failed,paused',
      'STATE:Failed',
      'asset:orders*',
      'asset:"orders, daily"',
      'asset:"a\\"b" x',
      'asset:"open end',
      'risk:high',
      'risk:at-risk',
      'risk:o',
      'risk:none,x',
      'priority:5',
      'priority:>=8',
      'priority:<-4',
      'priority:=<1',
      'priority:x',
      'sla:none',
      'sla:later-than:ABCD',
      'sla:later-than:xyz!',
      'id:ABC',
      'by:Mara',
      'problems',
      '!problems',
      '!',
      '! x',
      'state:',
      'stat:x',
      'zzzzzz:x',
      ':x',
      '"state:x"',
      'a:b:c',
      'PROBLEMS',
      '""',
      'word"s pace"',
      'x\ty',
      'asset:a\\,b,c',
    ];
    const patterns: [string, string][] = [
      ['a', 'bAc'],
      ['a*', 'abc'],
      ['a*', 'bac'],
      ['*c', 'abc'],
      ['*c', 'cab'],
      ['a*c', 'abc'],
      ['a*c', 'ac'],
      ['a*c', 'a'],
      ['ab*bc', 'abc'],
      ['a*b*c', 'a1b2c'],
      ['a*b*c', 'acb'],
      ['*', ''],
      ['', 'x'],
      ['**', 'x'],
      ['*b*', 'abc'],
      ['*d*', 'abc'],
    ];
    const words: [string, string[]][] = [
      ['order', ['clicks', 'orders']],
      ['ordres', ['orders']],
      ['zzz', ['orders']],
      ['ord', ['orders', 'or']],
      ['or', ['orders']],
      ['ab', ['ba']],
      ['a', ['b']],
      ['ab', ['ac']],
      ['ORDERS', ['orders']],
      ['orders_daily', ['orders']],
      ['', ['a']],
      ['x', []],
      ['abcde', ['abxyz', 'abcxx']],
      ['set', ['sets', 'seti']],
      ['aab', ['abb', 'baa']],
    ];
    const references = [
      'abcd',
      'ABCD',
      'abc',
      'xyz1',
      id,
      id.toUpperCase(),
      id.slice(0, -1),
      `${id}0`,
      'abcd-',
      'abcd1234-',
      '0000abcd0000',
      '',
    ];
    return held('filters', {
      filters: filters.map((text) => {
        const { terms, problems } = parseFilter(text);
        return `  ${line(text)} → ${line(terms)} ${problems.join('; ')}`;
      }),
      patterns: lines(([pattern, text]) => textMatches(pattern, text), patterns),
      alternatives: lines(
        (name) => [alternativeText(name), alternativesOf(alternativeText(name))],
        ['a', 'a b', 'a,b', 'a"b', 'a\\b', 'a:b'],
      ),
      nearest: lines(([word, candidates]) => nearest(word, candidates), words),
      references: lines(parseJobReference, references),
    });
  });

  test('errors of a database', () => {
    const roles = ['', ', role servo_app', ', role Odd "Name"'];
    const denied = [
      'permission denied for table sales',
      'permission denied for view v',
      'permission denied for materialized view v',
      'permission denied for foreign table f',
      'permission denied for sequence s',
      'permission denied for schema raw',
      'permission denied for function f',
      'permission denied for procedure p',
      'permission denied for database d',
      'permission denied for type t',
      'permission denied for language l',
      'permission denied for foreign server s',
      'permission denied for foreign-data wrapper w',
      'permission denied for tablespace x',
      'must be owner of table "sales"',
      'must be owner of table sales\nmore',
      'permission denied for table "Odd"',
    ];
    const states = [
      '42P01',
      '42703',
      '42883',
      '42704',
      '3F000',
      '40001',
      '40P01',
      '55P03',
      '57014',
      '53100',
      '53200',
      '53300',
      '08006',
      '57P01',
      '57P03',
      '22012',
      '00000',
    ];
    const said = [
      'no disk space left',
      'too many clients already',
      'out of memory',
      'canceling statement due to statement timeout',
      'odd\nsecond line',
    ];
    const codes = [
      '08006',
      '25006',
      '25001',
      '40001',
      '53300',
      '55P03',
      '57014',
      '58030',
      '28000',
      '3D000',
      '3F000',
      '42501',
      '23505',
      '22021',
      '',
    ];
    const outcomes = [
      { kind: 'completed' },
      { kind: 'released' },
      { kind: 'failed', message: 'sch\u00f6n' },
      { kind: 'retry', message: 'x' },
    ] as Parameters<typeof refusedOutcome>[0][];
    return held('database-errors', {
      rights: denied.flatMap((text) =>
        roles.map(
          (role) =>
            `  ${line(text)}${role} → ${line(causeBySqlstate(`${text} (SQLSTATE 42501${role})`))}`,
        ),
      ),
      causes: states.flatMap((state) =>
        said.map(
          (text) =>
            `  ${state} ${line(text)} → ${line(causeBySqlstate(`${text} (SQLSTATE ${state})`))}`,
        ),
      ),
      none: lines(causeBySqlstate, ['', 'x', 'x (SQLSTATE 4250)', '(SQLSTATE 40001)']),
      refusals: lines(refusalOf, codes),
      refused: outcomes.map(
        (outcome) =>
          `  ${line(outcome)} → ${line(refusedOutcome(outcome, 'kein Platz f\u00fcr \u201ex\u201c'))}`,
      ),
    });
  });
});

test('dialogs on a job, and those that are not one’s own', () => {
  const dialog = (actor: string, job: string, seconds = 0) => ({
    actor,
    host: 'db-7',
    action: 'cancel',
    jobs: 1,
    job_ids: [job],
    opened_at: secondsAgo(seconds),
  });
  const all = [dialog('mara', 'a'), dialog('jo', 'b'), dialog('jo', 'b', 5)];
  expect(dialogsOn(all, 'b')).toEqual(all.slice(1));
  expect(dialogsOn(all, 'c')).toEqual([]);
  for (const different of [
    { actor: 'x' },
    { host: 'x' },
    { action: 'x' },
    { opened_at: now, actor: 'y' },
  ])
    expect(dialogsWithout(all, [{ ...all[0]!, ...different }])).toEqual(all);
  expect(dialogsWithout(all, [{ ...all[1]!, job_ids: [] }])).toEqual([all[0], all[2]]);
});
