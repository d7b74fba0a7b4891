import { describe, expect, test } from 'vitest';
import { rowOf } from '../../source/console/model/job-rows.ts';
import { aJob, buckets } from '../support/jobs.ts';
import { Session } from './session.ts';

const job = (number: number, columns: Parameters<typeof aJob>[0] = {}) =>
  aJob({ number, asset_name: `asset_${number}`, priority: 0, ...columns });
const [one, two, three] = [job(1), job(2), job(3)];

describe('the cursor is tied to a job, never to a row', () => {
  test('it stays on its job when the order changes', () => {
    const session = Session.showing([one, two, three]).press('down').wait(3000);
    expect(session.cursorName).toBe('asset_2');
    session.refreshed([job(1), job(2, { priority: -5 }), job(3)]);
    expect(session.names).toEqual(['asset_1', 'asset_3', 'asset_2']);
    expect(session.cursorName).toBe('asset_2');
  });

  test('it stays on its job when others come and go above it', () => {
    const session = Session.showing([two, three]).press('down').wait(3000);
    session.refreshed([one, two, three]).refreshed([three]);
    expect(session.cursorName).toBe('asset_3');
  });

  test('the window follows it', () => {
    const many = Array.from({ length: 100 }, (_, index) => job(index + 1));
    const session = Session.showing(many, { size: { columns: 80, rows: 24 } }).press('G');
    expect(session.state.jobs.top).toBe(84);
    expect(session.press('g').state.jobs.top).toBe(0);
  });
});

describe('a row that vanishes stays, shown as gone, with its actions off', () => {
  const session = () =>
    Session.showing([one, two, three]).press('down').wait(3000).refreshed([one, three]);

  test('in its place, under the cursor', () => {
    expect(session().names).toEqual(['asset_1', 'asset_2', 'asset_3']);
    expect(rowOf(session().state.jobs, two.id)).toMatchObject({ gone: true });
  });

  test('its actions say why they are off', () => {
    expect(session().press('p').notice).toBe('this job no longer exists');
  });

  test('until the cursor has left it and the order is free', () => {
    const left = session().press('down').wait(3000).refreshed([one, three]);
    expect(left.names).toEqual(['asset_1', 'asset_3']);
  });

  test('it is no longer gone when it comes back', () => {
    const back = session().refreshed([one, two, three]);
    expect(rowOf(back.state.jobs, two.id)).toMatchObject({ gone: false });
  });

  test('a row that no longer matches the filter stays too, and can be acted upon', () => {
    const shown = Session.showing([one, two]).press('/').type('state:running').press('enter');
    shown.wait(3000).refreshed([job(1, { state: 'paused', running_slots: 0 }), two]);
    expect(shown.names).toContain('asset_1');
    shown.press('r');
    expect(shown.card.name).toBe('resume');
  });
});

describe('order is held', () => {
  const urgent = job(9, { priority: 10 });

  test('while the operator moves', () => {
    const session = Session.showing([one, two]).press('down').refreshed([one, two, urgent]);
    expect(session.names).toEqual(['asset_1', 'asset_2', 'asset_9']);
    session.wait(3000).refreshed([one, two, urgent]);
    expect(session.names).toEqual(['asset_9', 'asset_1', 'asset_2']);
  });

  test('while a dialog is open', () => {
    const session = Session.showing([one, two]).press('p').wait(60_000).refreshed([urgent, one]);
    expect(session.names).toEqual(['asset_1', 'asset_2', 'asset_9']);
  });
});

describe('Z freezes the data', () => {
  test('nothing is asked, and an answer that was on its way is not shown', () => {
    const session = Session.showing([one]).wait(1000).timer('refresh').press('Z');
    session.answerJobs([one, two]);
    expect(session.names).toEqual(['asset_1']);
    const asked = session.asked('load-jobs').length;
    session.timer('refresh').press('ctrl-r');
    expect(session.asked('load-jobs')).toHaveLength(asked);
    expect(session.notice).toContain('frozen');
  });

  test('Z again asks at once', () => {
    const session = Session.showing([one]).press('Z', 'Z').answerJobs([one, two]);
    expect(session.names).toEqual(['asset_1', 'asset_2']);
  });

  test('a job opened meanwhile is read once', () => {
    const session = Session.showing([one]).press('Z', 'enter').answerJob(one);
    expect(session.state.job?.detail).not.toBeNull();
    const asked = session.asked('load-job').length;
    expect(session.timer('refresh').asked('load-job')).toHaveLength(asked);
  });
});

describe('losing the database', () => {
  const lost = () => Session.showing([one]).wait(1000).timer('refresh').fail('load-jobs');

  test('shows the old data with a failure, and does not exit', () => {
    expect(lost().names).toEqual(['asset_1']);
    expect(lost().state.link).toMatchObject({ failure: { message: 'connection refused' } });
    expect(lost().exits).toEqual([]);
  });

  test('tries again, ever less often, and finds it back within two seconds', () => {
    const session = lost();
    for (let index = 0; index < 7; index += 1)
      session.wait(2000).timer('refresh').fail('load-jobs');
    expect(session.timersSet('refresh').slice(-8)).toEqual([
      500, 1000, 2000, 2000, 2000, 2000, 2000, 2000,
    ]);
  });

  test('actions are off while what is shown is old', () => {
    expect(lost().press('p').notice).toBe('no answer from the database: the data shown is old');
  });

  test('an open dialog is disarmed', () => {
    const session = Session.showing([one])
      .press('p')
      .read()
      .timer('refresh')
      .fail('load-jobs')
      .press('y');
    expect(session.acts).toEqual([]);
    expect(session.card.hint).toBe('no answer from the database');
  });

  test('the card went on saying that the database does not answer when it had', () => {
    const session = Session.showing([one]).press('p').read().timer('refresh').fail('load-jobs');
    session.press('y').timer('refresh').answerJobs([one]);
    expect(session.card.hint).toBeNull();
  });

  test('the first good answer clears it all', () => {
    const session = lost().timer('refresh').answerJobs([one, two]);
    expect(session.state.link).toEqual({
      failure: null,
      down_since: null,
      failed_attempts: 0,
      silent_since: null,
    });
    expect(session.names).toEqual(['asset_1', 'asset_2']);
  });

  test('silence is noticed too: a database that neither answers nor fails', () => {
    const session = Session.showing([one]).timer('refresh').wait(3000).timer('clock');
    expect(session.state.link.silent_since).not.toBeNull();
    expect(session.press('p').notice).toContain('no answer from the database');
  });

  test('a silent question is given up by Ctrl-R, and its answer is stale', () => {
    const session = Session.showing([one]).timer('refresh');
    const [, old] = session.asked('load-jobs');
    session.wait(4000).press('ctrl-r');
    expect(session.asked('load-jobs')).toHaveLength(3);
    session.send({
      type: 'answered',
      request: old!.request,
      answer: { type: 'failure', failure: { code: 'internal', message: 'late' } },
    });
    expect(session.state.link.failure).toBeNull();
  });
});

describe('one query in flight per view, stale answers dropped', () => {
  test('a refresh while one is out asks nothing', () => {
    const session = Session.showing([one]).timer('refresh').timer('refresh').press('ctrl-r');
    expect(session.asked('load-jobs')).toHaveLength(2);
  });

  test('the answer about a job that has been left does not open it again', () => {
    const session = Session.showing([one, two]).press('enter', 'escape', 'down', 'enter');
    const [first] = session.asked('load-job');
    session.send({
      type: 'answered',
      request: first!.request,
      answer: { type: 'failure', failure: { code: 'not_found', message: 'gone' } },
    });
    expect(session.state.job).toMatchObject({ id: two.id, gone: false });
  });

  test('nothing ticks while all is well: the clock is stopped with each answer', () => {
    const session = Session.showing([one]);
    expect(session.effects).toContainEqual({ type: 'stop-timer', name: 'clock' });
    const before = session.effects.length;
    expect(session.timer('clock').effects).toHaveLength(before);
  });
});

describe('the job screen', () => {
  // Before: a paused job was drawn as running for up to five seconds.
  test('a big job’s map is read again as soon as the job has come to rest', () => {
    const busy = job(1, { total_partitions: 1_000_000, state: 'running', running_slots: 2 });
    const map = buckets(['a', 'b'], () => 'running');
    const session = Session.showing([busy]).press('enter');
    session.answerJob(busy, { insight: null }).answerJob(busy).answerJob(busy, { map });
    const asked = () => {
      const { effect } = session.wait(1000).timer('refresh').asked('load-job').at(-1)!;
      return 'map_buckets' in effect && effect.map_buckets;
    };
    expect(asked()).toBe(0);
    const pausing = job(1, { ...busy, state: 'paused', version: 9 });
    session.answerJob(pausing);
    expect(asked()).toBe(1500);
    session.answerJob(pausing, { map });
    expect(asked()).toBe(0);
    session.answerJob(job(1, { ...pausing, running_slots: 0 }));
    expect(asked()).toBe(1500);
  });

  test('a job that has been deleted says so and can only be left', () => {
    const session = Session.showing([one]).press('enter').fail('load-job', 'not_found');
    expect(session.press('p').notice).toBe('this job no longer exists');
    expect(session.press('q').state.screen).toBe('jobs');
    expect(session.state.link.failure).toBeNull();
  });

  test('a selected partition stays selected when others fail above it', () => {
    const failed = (partition_key: string, error_message: string) => ({
      partition_key,
      attempt_count: 3,
      failure_count: 3,
      error_message,
      completed_at: null,
    });
    const detail = { failed: [failed('b', 'late'), failed('c', 'boom')] };
    const broken = job(1, { failed_partitions: 2 });
    const session = Session.showing([broken])
      .press('enter')
      .answerJob(broken, detail)
      .press('down', 'enter');
    expect(session.state.overlay).toMatchObject({ type: 'reader', title: 'Partition c' });
    session
      .press('escape')
      .timer('refresh')
      .answerJob(broken, {
        failed: [failed('a', 'early'), ...detail.failed],
      });
    expect(session.press('enter').state.overlay).toMatchObject({ title: 'Partition c' });
  });
});

describe('filter, sort, help', () => {
  test('the table narrows with each letter; Esc brings back what was before', () => {
    const session = Session.showing([one, two]).press('/').type('asset_2');
    expect(session.names).toEqual(['asset_2']);
    expect(session.press('escape').names).toEqual(['asset_1', 'asset_2']);
  });

  test('Enter keeps the filter, Esc at the root clears it, and neither quits', () => {
    const session = Session.showing([one, two]).press('/').type('asset_2').press('enter');
    expect(session.names).toEqual(['asset_2']);
    expect(session.press('escape').names).toEqual(['asset_1', 'asset_2']);
    expect(session.press('escape', 'escape').exits).toEqual([]);
  });

  test('clearing the filter keeps the cursor on its job', () => {
    const session = Session.showing([one, two]).press('/').type('asset_2').press('enter', 'escape');
    expect(session.cursorName).toBe('asset_2');
  });

  test('> sorts by the next column, I inverts', () => {
    const rows = [job(1, { state: 'paused' }), job(2, { state: 'cancelled' })];
    const session = Session.showing(rows).press('>');
    expect(session.names).toEqual(['asset_2', 'asset_1']);
    expect(session.press('I').names).toEqual(['asset_1', 'asset_2']);
  });

  test('what needs a person comes first', () => {
    const session = Session.showing([
      job(1, { state: 'completed', completed_at: new Date('2024-05-14T11:00:00Z') }),
      job(2),
      job(3, { heartbeat_at: new Date('2024-05-14T11:00:00Z') }),
      job(4, { sla_deadline_at: new Date('2024-05-14T11:00:00Z') }),
      job(5, { sla_deadline_at: new Date('2024-05-14T12:01:00Z') }),
    ]);
    expect(session.names).toEqual(['asset_4', 'asset_3', 'asset_5', 'asset_2', 'asset_1']);
  });

  test('help finds a key by what it does, and Enter runs it', () => {
    const session = Session.showing([one]).press('?').type('pause').press('enter');
    expect(session.card.name).toBe('pause');
  });

  test('a key of another screen did nothing, in silence', () => {
    const session = Session.showing([aJob()]).press('E');
    expect(session.notice).toBe('E works on Triage (3): escalation: who to contact, when and why');
    expect(Session.showing([aJob()]).press('@').notice).toBeUndefined();
  });

  test('q quits at the root only', () => {
    const session = Session.showing([one]).press('enter', 'q');
    expect(session.exits).toEqual([]);
    expect(session.press('q').exits).toEqual([0]);
  });

  test('+ and - change the interval, which the next refresh keeps', () => {
    const session = Session.showing([one]).press('+', '+');
    expect(session.state.interval_ms).toBe(5000);
    expect(session.timer('refresh').answerJobs([one]).timersSet('refresh').at(-1)).toBe(5000);
    expect(session.press('-', '-', '-', '-', '-').state.interval_ms).toBe(500);
  });

  test('y copies the id of the job under the cursor, Y its row as JSON', () => {
    expect(Session.showing([one]).press('y').effects).toContainEqual({
      type: 'copy',
      text: one.id,
    });
    const [copied] = Session.showing([one])
      .press('Y')
      .effects.flatMap((effect) => (effect.type === 'copy' ? [effect.text] : []));
    expect(JSON.parse(copied!)).toEqual(JSON.parse(JSON.stringify(one)));
  });
});
