import { describe, expect, test } from 'vitest';
import type { LoadJob } from '../../source/console/model/effects.ts';
import type { Reader } from '../../source/console/model/overlay.ts';
import { panelItems } from '../../source/console/model/panels.ts';
import { aJob, anInsight, buckets } from '../support/jobs.ts';
import { Session } from './session.ts';

const job = (number: number, columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({ number, asset_name: `asset_${number}`, priority: 0, ...columns });
const failed = (partition_key: string, error_message: string) => ({
  partition_key,
  attempt_count: 3,
  failure_count: 3,
  error_message,
  completed_at: null,
});
const reader = (session: Session) => session.state.overlay as Reader;
const questions = (session: Session) =>
  session.asked('load-job').map(({ effect }) => effect as LoadJob);

describe('a job of a million partitions', () => {
  const big = (columns: Parameters<typeof aJob>[0] = {}) =>
    job(1, { total_partitions: 1_000_000, completed_partitions: 400, ...columns });
  // Ten buckets of a thousand, the third begun.
  const map = buckets([...'abcdefghij'], () => 'pending').map((bucket, index) => ({
    ...bucket,
    pending: index < 2 ? 0 : index === 2 ? 600 : 1000,
    completed: index < 2 ? 1000 : index === 2 ? 400 : 0,
  }));
  const opened = () => {
    const session = Session.showing([big()]).press('enter');
    session.answerJob(big(), { insight: null }).answerJob(big()).answerJob(big(), { map });
    return session;
  };

  test('shows its figures first, then what is said of them, then its map, each asked for at once', () => {
    const session = opened();
    const asked = questions(session).map(({ map_buckets, insight }) => [map_buckets, insight]);
    expect(asked).toEqual([
      [0, false],
      [0, true],
      [1500, false],
    ]);
    expect(session.state.job?.map.buckets).toEqual(map);
  });

  test('its map is moved by what has been finished since, not read again', () => {
    const session = opened().wait(1000).timer('refresh');
    const { map_buckets, map_ranges } = questions(session).at(-1)!;
    expect(map_buckets).toBe(0);
    expect(map_ranges?.map(({ first_key }) => first_key)).toEqual(['d', 'e', 'c']);
    const changed = [{ ...map[2]!, pending: 0, completed: 1000 }];
    session.answerJob(big({ completed_partitions: 1000 }), { changed, insight: null });
    expect(session.state.job?.map.buckets[2]).toMatchObject({ pending: 0, completed: 1000 });
    expect(session.state.job?.map.buckets[3]).toEqual(map[3]);
    session
      .wait(1000)
      .timer('refresh')
      .answerJob(big({ completed_partitions: 6000 }));
    session.wait(1000).timer('refresh');
    expect(questions(session).at(-1)!.map_ranges).toHaveLength(7);
  });

  test('a minute later, after a retry, and when it has come to rest, all of it is read', () => {
    const later = opened().wait(60_000).timer('refresh');
    expect(questions(later).at(-1)!.map_buckets).toBe(1500);
    const failing = big({ failed_partitions: 5 });
    const retried = opened().wait(1000).timer('refresh').answerJob(failing, { changed: map });
    retried.wait(1000).timer('refresh').answerJob(big(), { insight: null });
    retried.wait(1000).timer('refresh');
    expect(questions(retried).at(-1)!.map_buckets).toBe(1500);
    const paused = big({ state: 'paused', running_slots: 0, version: 9 });
    const rested = opened().wait(1000).timer('refresh').answerJob(paused, { insight: null });
    rested.wait(1000).timer('refresh');
    expect(questions(rested).at(-1)!.map_buckets).toBe(1500);
    rested.answerJob(paused, { map, insight: null }).wait(300_000).timer('refresh');
    expect(questions(rested).at(-1)).toMatchObject({ map_buckets: 0 });
    expect(questions(rested).at(-1)!.map_ranges).toBeUndefined();
  });

  test('what costs more is read every ten seconds, and sooner when more has failed', () => {
    const session = opened();
    const insight = () => questions(session.timer('refresh')).at(-1)!.insight;
    expect([session.wait(2000), insight()].at(-1)).toBe(false);
    session.answerJob(big(), { insight: null }).wait(8000);
    expect(insight()).toBe(true);
    session.answerJob(big()).wait(2000);
    session.timer('refresh').answerJob(big({ failed_partitions: 1 }), { insight: null });
    expect(insight()).toBe(true);
  });

  test('a job that has no partition rows is not asked for its map for ever', () => {
    const session = Session.showing([big()]).press('enter');
    session.answerJob(big(), { insight: null }).answerJob(big()).answerJob(big());
    expect(questions(session)).toHaveLength(3);
  });
});

describe('failures', () => {
  const broken = job(1, { failed_partitions: 3 });
  const opened = () =>
    Session.showing([broken])
      .press('enter')
      .answerJob(broken, {
        failed: [failed('a', 'late by 3 s'), failed('b', 'late by 4 s'), failed('c', 'boom')],
      });
  const rows = (session: Session) => panelItems(session.state.job!, 'failed').map(({ key }) => key);

  test('Enter unfolds a kind of them, and folds it again', () => {
    const session = opened();
    expect(rows(session)).toEqual(['kind a', 'kind c']);
    expect(rows(session.press('enter'))).toEqual(['kind a', 'a', 'b', 'kind c']);
    expect(rows(session.press('enter'))).toEqual(['kind a', 'kind c']);
  });

  test('Enter on a partition opens all of it, the only one of its kind at once', () => {
    const session = opened().press('enter', 'down', 'down', 'enter');
    expect(reader(session)).toMatchObject({ title: 'Partition b', live: true });
    expect(reader(session).text).toContain('late by 4 s');
    session.answerPartition('b');
    expect(reader(session).text).toContain('Output of attempt 3');
    expect(reader(session).live).toBe(false);
    const only = opened().press('down', 'enter');
    expect(reader(only).title).toBe('Partition c');
  });

  test('a partition that is gone says so', () => {
    const session = opened().press('down', 'enter').fail('load-partition', 'not_found');
    expect(reader(session).text).toBe('could not be loaded: connection refused');
    expect(session.state.link.failure).toBeNull();
  });
});

describe('l opens the log of the selected partition', () => {
  const one = job(1);
  const running = {
    partition_key: 'k1',
    state: 'running' as const,
    attempt_count: 1,
    lease_owner: 'web-1:1:x',
    started_at: null,
    available_at: null,
    error_message: null,
  };
  const output = (lines: number) => ({
    partition: { state: 'running' as const },
    logs: [
      {
        job_id: one.id,
        partition_key: 'k1',
        attempt: 1,
        executor_id: 'web-1:1:x',
        at: new Date(),
        output: Array.from({ length: lines }, (_, index) => `line ${index}`).join('\n'),
      },
    ],
  });
  const opened = () =>
    Session.showing([one])
      .press('enter')
      .answerJob(one, { open: [running] })
      .press('l');

  test('of one that runs it is read again and again, its end in sight', () => {
    const session = opened().answerPartition('k1', output(3));
    expect(reader(session).text).toContain('line 2');
    session.wait(1000).timer('refresh').answerPartition('k1', output(200));
    expect(reader(session).text).toContain('line 199');
    expect(reader(session).top).toBeGreaterThan(150);
    session.wait(1000).timer('refresh');
    session.answerPartition('k1', { ...output(200), partition: { state: 'completed' } });
    const asked = session.asked('load-partition').length;
    session.wait(1000).timer('refresh');
    expect(session.asked('load-partition')).toHaveLength(asked);
  });

  test('an operator who scrolls up is left where they are, until they go to the end again', () => {
    const session = opened().answerPartition('k1', output(200)).press('g');
    session.wait(1000).timer('refresh').answerPartition('k1', output(300));
    expect(reader(session).top).toBe(0);
    session.press('G').wait(1000).timer('refresh').answerPartition('k1', output(400));
    expect(reader(session).top).toBeGreaterThan(300);
  });

  test('an answer that comes after it was closed opens nothing', () => {
    const session = opened().press('escape').answerPartition('k1', output(3));
    expect(session.state.overlay).toBeNull();
  });

  test('where no partition is selected it says so', () => {
    const none = Session.showing([one]).press('enter').answerJob(one).press('l');
    expect(none.notice).toBe('no partition is selected');
  });
});

describe('s shows the SQL behind the screen', () => {
  const one = job(1);
  const sql = "SELECT set_config('app.current_tenant', 'acme', false);\n\nselect 1;";
  const opened = () =>
    Session.showing([one])
      .press('enter')
      .answerJob(one)
      .press('s')
      .answer('load-job-sql', { type: 'sql', text: sql });

  test('and y copies it as it is run', () => {
    expect(reader(opened()).text).toBe(sql);
    expect(opened().press('y').effects).toContainEqual({ type: 'copy', text: sql });
  });

  test('while it is being read there is nothing to copy', () => {
    const session = Session.showing([one]).press('enter').answerJob(one).press('s', 'y');
    expect(session.notice).toBe('nothing to copy');
    expect(session.effects.some(({ type }) => type === 'copy')).toBe(false);
  });
});

describe('the tree', () => {
  const [one, two] = [job(1), job(2, { state: 'waiting_upstream', running_slots: 0 })];
  const insight = anInsight({ waiting: [{ id: two.id, to: one.id, depth: 1, job: two }] });
  const opened = () =>
    Session.showing([one])
      .press('enter')
      .answerJob(one, { insight })
      .press('tab', 'tab', 'tab', 'enter');

  test('Enter goes to a related job, and back leads to where one came from', () => {
    const session = opened();
    expect(session.state.job).toMatchObject({ id: two.id, panel: 'open' });
    session.answerJob(two);
    expect(session.press('escape').state.job).toMatchObject({ id: one.id, panel: 'tree' });
    expect(session.press('escape').state.screen).toBe('jobs');
  });

  test('actions are on the job that is shown', () => {
    const session = opened().answerJob(two).press('X');
    expect(session.card.job.id).toBe(two.id);
  });
});
