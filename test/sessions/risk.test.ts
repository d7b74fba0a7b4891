import { describe, expect, test } from 'vitest';
import { listed } from '../../source/console/boards.ts';
import type { JobView } from '../../source/domain/job.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);
const weather = (columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({
    number: 1,
    asset_name: 'weather',
    total_partitions: 804,
    completed_partitions: 0,
    failed_partitions: 0,
    avg_partition_duration_ms: 60_000,
    execution_strategy: { type: 'parallel', max_parallel: 12 },
    lanes: 6,
    sla_deadline_at: inSeconds(82 * 60),
    ...columns,
  });
const clicks = (columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({ number: 2, asset_name: 'clicks', lanes: 3, priority: 0, ...columns });
const stuck = aJob({
  number: 3,
  asset_name: 'sessions',
  heartbeat_at: secondsAgo(840),
  sla_deadline_at: inSeconds(900),
});
const late = aJob({
  number: 4,
  asset_name: 'revenue',
  state: 'pending',
  lanes: 0,
  sla_deadline_at: secondsAgo(1200),
});

const board = (...jobs: JobView[]) => ({
  as_of: now,
  tenant_id: 'acme',
  early_warning: 0,
  fleet: { slots: 9, by_asset: { weather: 9, clicks: 9 } },
  jobs,
  truncated: false,
});

const showing = (...jobs: JobView[]) =>
  Session.showing([weather()])
    .press('4')
    .answerBoard('risk', board(...jobs));
const rows = ({ state }: Session) => listed('risk', state.boards.risk).map(({ row }) => row);
const what = ({ state }: Session) => state.boards.risk.what;
const rowOf = (session: Session, name: string) =>
  rows(session).find(({ asset_name }) => asset_name === name)!;

describe('the risk screen', () => {
  test('shows the most urgent first, unknown and breached as such, then what has no deadline', () => {
    const session = showing(clicks(), stuck, weather(), late);
    expect(rows(session).map((row) => [row.asset_name, row.risk_level])).toEqual([
      ['revenue', 'breached'],
      ['weather', 'high'],
      ['sessions', 'unknown'],
      ['clicks', 'none'],
    ]);
    expect(rows(session).every(({ what_if }) => what_if === null)).toBe(true);
  });

  test('nothing that is supposed is asked of the database, nor written', () => {
    const session = showing(weather({ failed_partitions: 2 }), clicks());
    const before = session.effects.length;
    session.press(']', '[', '}', ')', 'P', 'T', '0', '{', '(');
    expect(session.effects.slice(before)).toEqual([]);
  });

  test('what is supposed outlives a refresh, and its outcome follows the data', () => {
    const session = showing(weather(), clicks()).press(']', ']', ']');
    expect(rowOf(session, 'weather').what_if).toMatchObject({ slots: 9, risk_level: 'low' });
    const half = weather({ completed_partitions: 402 });
    session.wait(1000).timer('refresh').answerBoard('risk', board(half, clicks()));
    expect(what(session).slots).toBe(12);
    expect(rowOf(session, 'weather').what_if).toMatchObject({ risk_level: 'on_track' });
  });
});

describe('what if', () => {
  test('slots', () => {
    const session = showing(weather()).press(']');
    expect(what(session).slots).toBe(10);
    session.press('[');
    expect(what(session).slots).toBeNull();
    session.press(...Array.from({ length: 12 }, () => '['));
    expect(what(session).slots).toBe(0);
    expect(rowOf(session, 'weather').what_if).toMatchObject({
      eta_seconds: null,
      risk_level: 'unknown',
    });
  });

  test('the selected job is paused, and its slots help the one at risk', () => {
    const session = showing(weather(), clicks()).press('j', 'P');
    expect(what(session).pause).toEqual([clicks().id]);
    expect(rowOf(session, 'weather').what_if).toMatchObject({ slots: 9 });
    session.press('P');
    expect(what(session).pause).toEqual([]);
  });

  test('its parallelism, its deadline, its failures', () => {
    const failed = weather({ failed_partitions: 3 });
    const session = showing(failed).press('{', '{', ')', ')', 'T');
    expect(what(session)).toMatchObject({
      parallel: { [failed.id]: 10 },
      deadline: { [failed.id]: inSeconds(112 * 60) },
      retry_failed: [failed.id],
    });
    expect(session.press('0').state.boards.risk.what).toMatchObject({ parallel: {}, slots: null });
  });

  test('what makes no sense says why', () => {
    const session = showing(late, clicks());
    expect(session.press('P').notice).toBe('only running jobs can be paused; this one is pending');
    expect(session.press('T').notice).toBe('none of its partitions has failed');
    expect(session.press('j', ')').notice).toBe('this job has no deadline to move');
    expect(session.press('0').notice).toBe('nothing is supposed');
  });
});

describe('a applies what is supposed', () => {
  test('job by job, each after its own card: filled in, and nothing before y', () => {
    const session = showing(weather(), clicks()).press('}', ')', 'j', 'P', 'k', 'a').read();
    expect(session.card).toMatchObject({ name: 'tune', values: { parallel: '13' } });
    expect(session.acts).toEqual([]);
    session.press('y');
    expect(session.acts).toMatchObject([
      { action: 'set', id: weather().id, parameters: { parallel: '13' } },
    ]);
  });

  test('goes on with what is left, once the first has come true', () => {
    const session = showing(weather(), clicks()).press('}', ')', 'j', 'P', 'k', 'a').read();
    session.press('y').answerAct({ version: 7 });
    const wider = weather({ execution_strategy: { type: 'parallel', max_parallel: 13 } });
    session.wait(1000).timer('refresh').answerBoard('risk', board(wider, clicks()));
    session.answer('load-job', {
      type: 'failure',
      failure: { code: 'not_found', message: 'gone' },
    });
    expect(what(session).parallel).toEqual({});
    session.press('a').read();
    expect(session.card).toMatchObject({
      name: 'deadline',
      values: { deadline: inSeconds(97 * 60).toISOString() },
    });
    session.press('escape').wait(1000).timer('refresh');
    const moved = { ...wider, sla_deadline_at: inSeconds(97 * 60) };
    session.answerBoard('risk', board(moved, clicks())).press('a').read();
    expect(session.card).toMatchObject({ name: 'pause', job: { asset_name: 'clicks' } });
    expect(session.cursorName).toBe('clicks');
  });

  test('what the job has become meanwhile is not supposed any more', () => {
    const session = showing(weather(), clicks()).press('j', 'P');
    session.wait(1000).timer('refresh');
    session.answerBoard('risk', board(weather(), clicks({ state: 'paused' })));
    expect(what(session).pause).toEqual([]);
    expect(session.press('a').notice).toBe('nothing is supposed');
  });

  test('slots cannot be applied from here, and a read-only console applies nothing', () => {
    expect(showing(weather()).press(']', 'a').notice).toContain('servo-tui --worker');
    const session = Session.showing([weather()], { read_only: true }).press('4');
    session.answerBoard('risk', board(weather())).press('}', 'a');
    expect(session.notice).toBe('this console is read-only');
  });
});
