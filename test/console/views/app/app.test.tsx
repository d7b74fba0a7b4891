import { renderToString } from 'ink';
import { describe, expect, test } from 'vitest';
import {
  type ConsoleOptions,
  panelNames,
  type State,
} from '../../../../source/console/model/state.ts';
import { plainTheme } from '../../../../source/console/widgets/theme.ts';
import type { JobDetail, JobEvent } from '../../../../source/domain/job/detail.ts';
import type { JobView } from '../../../../source/domain/job/job.ts';
import { isTerminal } from '../../../../source/domain/job/state.ts';
import { widthOf } from '../../../../source/presentation/text/width.ts';
import { Session } from '../../../sessions/session.ts';
import { ConsoleApp } from '../../../support/console-app.tsx';
import { badged } from '../../../support/console-options.ts';
import {
  aJob,
  aList,
  anInsight,
  aPartition,
  buckets,
  dailyKeys,
  now,
  secondsAgo,
} from '../../../support/jobs.ts';
import { variedJobs } from '../../../support/memory-database.ts';
import { riskBoardOf } from '../../../support/snapshots.ts';

const sizes = [
  [80, 24],
  [120, 40],
  [200, 50],
  [60, 15],
  [40, 10],
  [20, 5],
] as const;

/** The screen as lines; never more or wider than the terminal. */
function screen(state: State, ascii = false): string[] {
  const { columns, rows } = state.size;
  const picture = renderToString(<ConsoleApp state={state} theme={{ ...plainTheme, ascii }} />, {
    columns,
  });
  const lines = picture.split('\n');
  expect(lines.length).toBeLessThanOrEqual(rows - 1);
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  return lines;
}

const text = (state: State) => screen(state).join('\n');

const sized = (columns: number, rows: number, options: Partial<ConsoleOptions> = {}) => ({
  ...options,
  size: { columns, rows },
});

const hostile = '\x1b[2J\x1b]52;c;aGk=\x07\u202eevil\u200b\r\n\t表'.repeat(40);

const megabyte = hostile.repeat(700);
const aFailure = { attempt_count: 1, failure_count: 1, completed_at: null };

const detail = (overrides: Partial<JobDetail> = {}): Partial<JobDetail> => ({
  map: buckets(dailyKeys('2000-01-01', 1461), (_, index) =>
    index < 900 ? 'completed' : 'pending',
  ),
  failed: [
    {
      partition_key: '2000-02-03',
      attempt_count: 3,
      failure_count: 3,
      error_message: 'differs by 3.2 %',
      completed_at: now,
    },
    {
      partition_key: '2000-05-06',
      attempt_count: 3,
      failure_count: 3,
      error_message: 'differs by 4.1 %',
      completed_at: now,
    },
  ],
  open: [
    {
      partition_key: '2002-07-01',
      state: 'running',
      attempt_count: 1,
      lease_owner: 'web-1:812:ab',
      started_at: secondsAgo(90),
      available_at: null,
      error_message: null,
    },
    {
      partition_key: '2002-07-02',
      state: 'pending',
      attempt_count: 2,
      lease_owner: null,
      started_at: null,
      available_at: secondsAgo(-40),
      error_message: 'timed out',
    },
  ],
  events: [
    {
      id: 1,
      job_id: 'x',
      partition_key: null,
      kind: 'state',
      from_state: 'running',
      to_state: 'paused',
      actor: 'mara',
      login: 'servo_app',
      reason: 'db maintenance',
      at: secondsAgo(60),
    },
  ],
  executors: ['web-1:812:ab'],
  ...overrides,
});

describe.each(sizes)('at %i×%i', (columns, rows) => {
  test('every screen and everything that lies over one fits', () => {
    const jobs = variedJobs(now);
    const table = Session.showing(jobs, sized(columns, rows));
    screen(table.state);
    screen(table.press('?').state);
    screen(table.press('escape', '/').type('state:paus').state);
    screen(table.press('escape').state);
    for (const job of jobs.filter((_, index) => index % 4 === 2)) {
      const one = Session.showing([job], sized(columns, rows))
        .press('enter')
        .answerJob(job, detail());
      screen(one.state);
      for (const _ of panelNames) screen(one.press('tab').state);
      screen(one.press('enter').state);
      screen(one.press('escape', 'X').state);
      screen(one.press('escape', 'p').state);
      screen(one.wait(3000).timer('refresh').fail('load-job').state);
    }
  });

  test('a plan of several jobs, and its run, fit', () => {
    const jobs = variedJobs(now);
    const session = Session.showing(jobs, sized(columns, rows)).press('g', 'space', 'v', 'G');
    screen(session.state);
    for (const key of ['p', 't', 'C']) {
      screen(session.press(key).answerPlan(jobs).state);
      screen(session.read().press('page-down', 'tab', 'x').state);
      session.press('escape', 'escape');
    }
    session.press('p').answerPlan(jobs).read();
    const { expected } = session.card;
    session.press('tab', 'tab').type(expected!).press('tab', 'y');
    if (columns < 40 || rows < 11) {
      expect(session.acts).toEqual([]);
      expect(text(session.state).replace(/[│\s]+/g, ' ')).toContain('terminal too small');
      session.send({ type: 'resized', size: { columns: 80, rows: 24 } }).press('y');
      session.send({ type: 'resized', size: { columns, rows } });
    }
    screen(session.state);
    session.answerAct({ message: 'x'.repeat(300) }).fail('act');
    screen(session.press('G').state);
    screen(session.press('escape').state);
  });

  test('a plan of what-if changes and other dialogs on its jobs fit', () => {
    const jobs = variedJobs(now).filter(({ state }) => !isTerminal(state));
    const session = Session.showing(jobs, sized(columns, rows)).press('4');
    const data = riskBoardOf(jobs, 12);
    session.answerBoard('risk', data).press('}', 'j', '}', 'j', '}', 'a');
    const { parallel } = session.state.boards.risk.what;
    const some = jobs.filter(({ id }) => id in parallel);
    session.answerPlan(some);
    const other = { actor: hostile, host: hostile, action: hostile, opened_at: now };
    session.answer('announce-dialog', {
      type: 'dialogs',
      as_of: now,
      dialogs: [{ ...other, jobs: 12, job_ids: some.map(({ id }) => id) }],
    });
    screen(session.state);
    if (columns === 120) {
      expect(text(session.state)).toContain('Apply 3 changes to 3 jobs');
      expect(text(session.state)).toContain('[ Apply 3 changes ]');
      expect(text(session.state)).toContain(' open on 3 of these for <5s: ');
    }
    screen(session.read().press('page-down', 'tab', 'x').state);
  });

  test('hostile text in every field breaks nothing', () => {
    const job = aJob({
      asset_name: hostile,
      state: hostile,
      created_by: hostile,
      checkpoint_partition_key: hostile,
      error_message: hostile,
    });
    const nasty: Partial<JobDetail> = {
      map: buckets([hostile, `${hostile}2`], () => 'running'),
      failed: [
        {
          partition_key: hostile,
          attempt_count: 1,
          failure_count: 1,
          error_message: hostile,
          completed_at: null,
        },
      ],
      open: [
        {
          partition_key: hostile,
          state: 'running',
          attempt_count: 1,
          lease_owner: hostile,
          started_at: null,
          available_at: null,
          error_message: hostile,
        },
      ],
      events: [
        {
          id: 1,
          job_id: hostile,
          partition_key: hostile,
          kind: hostile,
          from_state: null,
          to_state: null,
          actor: hostile,
          login: 'servo_app',
          reason: hostile,
          at: now,
        },
      ],
      executors: [hostile],
      insight: anInsight({
        failures: [
          {
            count: 70_000,
            partitions: [{ ...aFailure, partition_key: hostile, error_message: megabyte }],
          },
        ],
        durations: {
          count: 9,
          p50_ms: 1,
          p95_ms: 2,
          slowest: [
            { partition_key: hostile, duration_ms: 9, attempt_count: 2, completed_at: now },
          ],
        },
        upstreams: [{ id: job.id, to: job.id, depth: 9, job: { ...job, error_message: megabyte } }],
        waiting: [{ id: job.id, to: job.id, depth: 1, job: null }],
        assets: [
          {
            id: 'a',
            name: hostile,
            owner: hostile,
            depth: 3,
            jobs: [{ id: hostile, state: hostile }],
          },
        ],
        executors: [
          {
            id: hostile,
            partitions: 3,
            slots: 1,
            since: now,
            seen_at: null,
            draining: true,
            lost: false,
          },
        ],
      }),
    };
    const labels = {
      context: hostile,
      database: hostile,
      tenant: hostile,
      embedded: true,
      rls_bypassed: true,
    };
    const session = Session.showing([job], sized(columns, rows, { labels }));
    const shown = [screen(session.state)];
    session.press('enter').answerJob(job, nasty);
    for (const _ of panelNames) {
      shown.push(screen(session.press('tab').state), screen(session.press('enter').state));
      if (session.state.overlay !== null || session.state.job?.before) session.press('escape');
    }
    shown.push(screen(session.press('l').state));
    session.answerPartition(hostile, {
      partition: { state: hostile as 'failed', lease_owner: hostile, error_message: megabyte },
      events: nasty.events,
      logs: [{ ...aPartition('x').logs[0]!, executor_id: hostile, output: megabyte }],
    });
    shown.push(screen(session.state), screen(session.press('escape', 'enter').state));
    session.press('escape', 's').answer('load-job-sql', { type: 'sql', text: megabyte });
    shown.push(screen(session.state));
    for (const line of shown.flat()) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e\u200b]/);
  });
});

describe('the table', () => {
  test('shows each job in one line, the selected one marked', () => {
    const lines = screen(
      Session.showing([aJob(), aJob({ number: 2, asset_name: 'clicks' })]).state,
    );
    expect(lines.find((line) => line.includes('orders_daily'))).toMatch(
      /^▐ ● running {3}orders_daily {2}█+▏? +40\/100 {2}40% {7}0 {4}2\.0 {2}12:15 in 15m/,
    );
    expect(lines.find((line) => line.includes('clicks'))).toMatch(/^ {2}●/);
  });

  test('at 80 columns the selected row says below what it has no column for', () => {
    const state = Session.showing(
      [aJob({ asset_name: 'a_name_of_some_length_that_leaves_less' })],
      sized(80, 24),
    ).state;
    expect(text(state)).toContain('● running · 2.0/min');
    expect(text(state)).toContain('pri 5 · hb <30s');
  });

  test('says why it is empty', () => {
    expect(text(new Session().send({ type: 'started' }).state)).toContain('loading jobs …');
    expect(text(Session.showing([]).state)).toContain('Start one: servo-tui start');
    expect(text(Session.showing([aJob()]).press('/').type('zzz').state)).toContain(
      'no job matches the filter',
    );
  });

  test('the same jobs a second later are the same bytes', () => {
    const session = Session.showing([aJob()]);
    const before = text(session.state);
    expect(text(session.refreshed([aJob()]).state)).toBe(before);
  });

  test('counts by state, capped', () => {
    const session = new Session().send({ type: 'started' });
    session.answerJobs([aJob()], { counts: { running: 1000, paused: 2, odd: 1 } });
    expect(text(session.state)).toContain('● 1,000+ running  ‖ 2 paused  ? 1 odd');
  });

  test('what cannot be done is dim, and says why when it is asked for', () => {
    const session = Session.showing([aJob({ state: 'paused', running_slots: 0 })]).press('p');
    expect(text(session.state)).toContain('only running jobs can be paused; this one is paused');
  });
});

describe('the keys below', () => {
  const keys = (state: string) => {
    const job = aJob({ state, running_slots: 0, failed_partitions: state === 'failed' ? 2 : 0 });
    return screen(Session.showing([job], sized(80, 24)).state).at(-1);
  };

  test('at 80 columns help and the way out were cut off, and what could be done to a failed job', () => {
    expect(keys('failed')).toMatch(/R retry .*\? help {2}q quit *$/);
    expect(keys('paused')).toMatch(/r resume {2}X cancel .*\? help {2}q quit *$/);
  });
});

describe('what must not be overlooked', () => {
  test('a breached job was counted as at risk, against the alerts and the metrics', () => {
    const late = aJob({ sla_deadline_at: secondsAgo(60) });
    const session = Session.showing([late]);
    expect(screen(session.state)[0]).toContain('1 breached');
    expect(screen(session.state)[0]).not.toContain('at risk');
  });

  test('a count of late jobs that is a minimum says so in the header', () => {
    const list = aList([aJob({})]);
    const late = { at_risk: 2, breached: 498, capped: true };
    const session = new Session(sized(120, 30)).send({ type: 'started' });
    session.answer('load-jobs', { type: 'jobs', list: { ...list, page: { ...list.page, late } } });
    expect(screen(session.state)[0]).toContain('498+ breached  2+ at risk');
  });

  test('read-only, embedded, row-level security bypassed', () => {
    const options = { read_only: true, labels: badged };
    const [header] = screen(Session.showing([aJob()], options).state);
    expect(header).toMatch(/warehouse \/ acme {2}READ-ONLY .*RLS BYPASSED.*EMBEDDED/);
  });

  test('a long database name gives way to tenant, mode and badge, from its beginning', () => {
    const database = 'servo_app@/tmp/a/very/long/path/to/a/socket/of/somebody/warehouse';
    const labels = { ...badged, database };
    const options = { ...sized(80, 24, { labels, read_only: true }) };
    const [header] = screen(Session.showing([], options).state);
    expect(header).toMatch(
      /^ servo-tui · ….*warehouse \/ acme {2}READ-ONLY +RLS BYPASSED +EMBEDDED$/,
    );
  });

  test('a badge is there even beside a tenant of any length', () => {
    const labels = {
      context: 'c'.repeat(90),
      database: 'd',
      tenant: 't'.repeat(90),
      embedded: false,
      rls_bypassed: true,
    };
    const [header] = screen(Session.showing([], sized(80, 24, { labels })).state);
    expect(header).toMatch(/t… · RW +RLS BYPASSED/);
  });

  // Before: ` ·  / acme`.
  test('where there is no room for the name, the tenant stands alone', () => {
    const labels = { ...Session.showing([]).state.options.labels, context: null };
    const narrow = { labels: { ...labels, database: 'servo_app@db.example/servo' } };
    const [header] = screen(Session.showing([], sized(30, 8, narrow)).state);
    expect(header).toMatch(/^ servo-tui · (…\S* \/ )?acme · RW/);
  });

  test('frozen data has its age', () => {
    const session = Session.showing([aJob()]).press('Z').wait(130_000).timer('clock');
    expect(screen(session.state)[0]).toContain('FROZEN 2m');
  });

  test('old data says how old it is and why', () => {
    const session = Session.showing([aJob()])
      .wait(14_000)
      .timer('refresh')
      .fail('load-jobs', 'database_unreachable', 'is it running?');
    expect(text(session.state)).toContain(
      'data is 10s old · retrying · connection refused (is it running?)',
    );
  });

  // Before: the database's name again, and the cause cut off behind it; and data that was "0s old".
  test('at 80 columns the cause of a lost connection can be read', () => {
    const { database } = Session.showing([]).state.options.labels;
    const session = Session.showing([aJob()], sized(80, 24)).timer('refresh');
    const message = `cannot reach ${database}: connect ECONNREFUSED 10.0.0.7:5432`;
    session.answer('load-jobs', {
      type: 'failure',
      failure: { code: 'database_unreachable', message },
    });
    expect(text(session.state)).toContain(
      'data is <5s old · cannot reach it: connect ECONNREFUSED 10.0.0.7:5432',
    );
  });
});

describe('the job screen', () => {
  const opened = (columns: number, rows: number) => {
    const job = aJob({ failed_partitions: 2, sla_deadline_at: secondsAgo(-7200) });
    return Session.showing([job], sized(columns, rows)).press('enter').answerJob(job, detail());
  };

  test('draws the map and groups the failures', () => {
    const shown = text(opened(80, 30).state);
    expect(shown).toMatch(/2000 █{52}/);
    expect(shown).toContain('1 cell = 1 week');
    expect(shown).toMatch(/2 × {2}differs by … % +2000-02-03, 2000-05-06/);
  });

  test('side by side where there is room', () => {
    const shown = text(opened(200, 50).state);
    for (const part of [
      'Failed 2',
      'Open 2',
      'Events 1',
      'retry in 40s',
      'running → paused  mara  "db maintenance"',
    ]) {
      expect(shown).toContain(part);
    }
  });

  const opening = (job: JobView, events: JobEvent[] = []) => {
    const session = Session.showing([job], sized(120, 30)).press('enter');
    return text(session.answerJob(job, { events, executors: ['web-1:812:ab'] }).state);
  };

  const pausedBy = (actor: string, reason: string): JobEvent => ({
    id: 1,
    job_id: aJob().id,
    partition_key: null,
    kind: 'state',
    from_state: 'running',
    to_state: 'paused',
    actor,
    login: 'servo_app',
    reason,
    at: now,
  });

  // Before: only in the journal, behind a Tab, or cut off behind what the key would do.
  test('at 80 columns the help says why a key does nothing', () => {
    const shown = text(Session.showing([aJob()], sized(80, 30)).press('?').type('resume').state);
    expect(shown).toMatch(/resume \(only paused jobs can be resumed; [^)]/);
  });

  test('a paused job says who paused it and why', () => {
    const paused = aJob({ state: 'paused', running_slots: 0 });
    const events = [pausedBy('vm:2379:d8f6484e', '50 of the last 50 partitions failed')];
    expect(opening(paused, events)).toContain(
      ' paused by vm:2379: "50 of the last 50 partitions failed"',
    );
  });

  test('a failed job says how its failed partitions are tried again', () => {
    const columns = { failed_partitions: 12, error_message: '12 of 100 partitions failed' };
    expect(opening(aJob({ state: 'failed', ...columns }))).toContain(
      '12 of 100 partitions failed — retry: servo-tui retry 00000001',
    );
  });

  test('a job without an executor says what it waits for', () => {
    const stuck = aJob({ heartbeat_at: secondsAgo(240) });
    expect(opening(stuck)).toContain(
      'no heartbeat for 4m: the next executor with a handler takes it over; see: servo-tui executors',
    );
    expect(opening(stuck)).toContain('1 executor, silent: web-1:812');
    expect(opening(aJob({ state: 'resuming', heartbeat_at: secondsAgo(45) }))).toContain(
      'not claimed for 30s: the next executor with a handler takes it over; see: servo-tui executors',
    );
    expect(opening(aJob())).not.toContain('is one alive?');
  });

  test('a kind of failure unfolds, and a partition can be read in full', () => {
    const session = opened(80, 24).press('enter');
    expect(text(session.state)).toMatch(/▾ +2 × +differs by … %[\s\S]*2000-02-03 +3 attempts/);
    session.press('down', 'enter').answerPartition('2000-02-03');
    expect(text(session.state)).toMatch(
      /Partition 2000-02-03[\s\S]*attempts {2}3 \(3 failed\)[\s\S]*connection refused[\s\S]*likely: Upstream data source unavailable/,
    );
  });
});

describe('the intent card', () => {
  const card = (key: string, columns = 80, rows = 24) =>
    Session.showing([aJob({ sla_deadline_at: secondsAgo(-7200) })], sized(columns, rows))
      .press(key)
      .read();

  test('shows the job, the state seen, what will happen, and the SQL to its last word', () => {
    const shown = text(card('X').state).replace(/│\s+│/g, ' ').replace(/\s+/g, ' ');
    for (const part of [
      'Cancel orders_daily · 00000001',
      'just now: running, version 7, 40/100, 2 partitions running',
      '58 partitions will not run',
      "UPDATE backfill_jobs SET state = 'cancelled'",
      "AND state = 'running' AND version = 7;",
      'Reason (required)',
      'Type orders_daily',
    ]) {
      expect(shown).toContain(part);
    }
  });

  test('what a resume does where nothing is left to do', () => {
    const job = aJob({ state: 'paused', completed_partitions: 100, running_slots: 0 });
    const shown = text(Session.showing([job], sized(120, 30)).press('r').read().state);
    expect(shown).toContain('claims it and ends it: nothing is left to do');
  });

  test('what the pause means for the deadline', () => {
    expect(text(card('p').state)).toContain('at risk if it stays paused for longer than 1h45m');
  });

  test('on a low terminal the questions stay, and it is said that something is missing', () => {
    const shown = text(card('X', 80, 11).state);
    for (const part of [
      'Reason (required)',
      'Type orders_daily',
      '[ Keep it ]',
      'too small to show everything',
    ]) {
      expect(shown).toContain(part);
    }
  });

  test('says what has changed under it', () => {
    const session = card('p').refreshed([aJob({ state: 'paused', version: 8 })]);
    expect(text(session.state)).toContain('paused, version 8: the job has changed');
  });
});

test('in ASCII mode nothing else is drawn', () => {
  const session = Session.showing(variedJobs(now), sized(120, 40));
  for (const keys of [[], ['?'], ['escape', 'p']]) {
    expect(screen(session.press(...keys).state, true).join('')).toMatch(/^[\x20-\x7e]*$/);
  }
});

test('wide: the state and the asset stay, the other columns scroll through, nothing is wider than the terminal', () => {
  for (const [columns, rows] of sizes) {
    const session = Session.showing(variedJobs(now), sized(columns, rows)).press('w');
    const seen = new Set<string>();
    for (let presses = 0; presses < 20; presses += 1) {
      for (const head of text(session.state).match(/[A-Z]{2,}/g) ?? []) seen.add(head);
      session.press('right');
    }
    if (columns < 80) continue;
    for (const head of ['STATE', 'ASSET', 'FAILED', 'ETA', 'AGE', 'CHECKPOINT', 'BY'])
      expect(seen).toContain(head);
  }
});

test('a followed job is marked in the table and in its title', () => {
  const session = Session.showing([aJob({ asset_name: 'orders' })]).press('m', 'k');
  expect(text(session.state)).toMatch(/running +♪orders/);
  expect(text(session.press('enter').state)).toContain('♪ followed');
  expect(screen(session.press('escape').state, true).join('')).toContain('!orders');
});
