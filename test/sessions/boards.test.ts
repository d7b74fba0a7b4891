import { describe, expect, test } from 'vitest';
import { type BoardData, listed } from '../../source/console/model/boards.ts';
import { boardLayout } from '../../source/console/model/layout.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { Alert } from '../../source/domain/triage/alerts.ts';
import type { CheckDefinition, CheckSummary } from '../../source/domain/triage/checks.ts';
import type { Escalation } from '../../source/domain/triage/escalation.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';
import { Session } from './session.ts';

const orders = aJob({ number: 1, asset_name: 'orders_daily' });
const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused', running_slots: 0 });

function event(id: number, job = orders, reason: string | null = null): JobEvent {
  return {
    id,
    job_id: job.id,
    partition_key: null,
    kind: 'state',
    from_state: 'running',
    to_state: 'paused',
    actor: 'mara',
    login: 'servo_app',
    reason,
    at: secondsAgo(1000 - id),
  };
}

const journal = (...events: JobEvent[]) => ({
  as_of: now,
  tenant_id: 'acme',
  events,
  jobs: [orders, clicks],
});

const eventsScreen = () =>
  Session.showing([orders, clicks])
    .press('7')
    .answerBoard('events', journal(event(1), event(2, clicks, 'db maintenance'), event(3)));

const readings = (session: Session) =>
  session
    .asked('load-board')
    .filter(({ effect }) => effect.type === 'load-board' && effect.board === 'events');

const shown = ({ state }: Session) => listed('events', state.boards.events).map(({ key }) => key);

describe('a board', () => {
  test('is asked for when it is opened, and again with every refresh', () => {
    const session = eventsScreen();
    expect(readings(session)).toHaveLength(1);
    session.wait(1000).timer('refresh');
    expect(readings(session)).toHaveLength(2);
    expect(shown(session)).toEqual(['3', '2', '1']);
  });

  test('whose newest row comes first keeps an unmoved cursor on the newest', () => {
    expect(eventsScreen().state.boards.events.cursor).toBeNull();
  });

  test('whose row under the cursor is gone moves to the next row', () => {
    const session = eventsScreen().press('j');
    session.wait(1000).timer('refresh');
    session.answerBoard('events', journal(event(1), event(3)));
    expect(session.state.boards.events.cursor).toBe('1');
  });

  test('keeps its cursor on the row, whatever comes above it', () => {
    const session = eventsScreen().press('j');
    session.wait(1000).timer('refresh');
    session.answerBoard('events', journal(event(1), event(2, clicks), event(3), event(4)));
    expect(session.state.boards.events.cursor).toBe('2');
    expect(session.cursorName).toBe('clicks');
  });

  test('acts upon the job that the row is about', () => {
    const session = eventsScreen().press('j', 'r').read();
    expect(session.card.job.id).toBe(clicks.id);
    expect(session.press('y').acts).toMatchObject([{ action: 'resume', id: clicks.id }]);
  });

  test('a job that has changed on it disarms the card', () => {
    const session = eventsScreen().press('p').read();
    const paused = { ...orders, state: 'paused', version: orders.version + 1 };
    session.wait(1000).timer('refresh');
    session.answerBoard('events', { ...journal(event(3)), jobs: [paused] }).press('y');
    expect(session.acts).toEqual([]);
  });

  test('a row whose job is gone says why nothing can be done', () => {
    const session = Session.showing([orders]).press('7');
    session.answerBoard('events', { ...journal(event(1)), jobs: [] }).press('p');
    expect(session.notice).toBe('no job is selected');
  });

  test('is filtered by words and excluded words', () => {
    const session = eventsScreen().press('/').type('mainten');
    expect(shown(session)).toEqual(['2']);
    session.press('enter').press('/', 'ctrl-u').type('!clicks');
    expect(shown(session)).toEqual(['3', '1']);
    expect(session.press('escape').state.boards.events.filter).toBe('mainten');
    expect(session.press('escape').state.boards.events.filter).toBe('');
  });

  test('an answer for a board that has been left is dropped', () => {
    const session = Session.showing([orders]).press('7', '5');
    const [events] = readings(session);
    const data = journal(event(1));
    session.send({
      type: 'answered',
      request: events!.request,
      answer: { type: 'board', board: 'events', data },
    });
    expect(session.state.boards.events.data).toBeNull();
  });

  test('one that is opened while the data is frozen is read once', () => {
    const session = Session.showing([orders]).press('Z', '7');
    expect(readings(session)).toHaveLength(1);
    session.answerBoard('events', journal(event(1))).press('1', '7');
    expect(readings(session)).toHaveLength(1);
  });

  test('the window follows the cursor', () => {
    const many = Array.from({ length: 200 }, (_, index) => event(index));
    const session = Session.showing([orders])
      .press('7')
      .answerBoard('events', journal(...many));
    const { rows } = boardLayout(session.state);
    for (const key of ['G', 'k', 'page-up', 'g', 'page-down', 'j', 'G']) {
      session.press(key);
      const { top, cursor } = session.state.boards.events;
      const at = shown(session).indexOf(cursor!);
      expect(at).toBeGreaterThanOrEqual(top);
      expect(at).toBeLessThan(top + rows);
    }
  });
});

describe('back leads to where one came from', () => {
  test('from a job that was opened in the journal, to the journal', () => {
    const session = eventsScreen().press('enter');
    expect(session.state.screen).toBe('job');
    expect(session.press('escape').state.screen).toBe('events');
    expect(session.press('escape').state.screen).toBe('jobs');
  });

  test('a screen that was gone to by its key has nothing behind it but the table', () => {
    const session = eventsScreen().press('5', 'q');
    expect(session.state.screen).toBe('jobs');
    expect(session.exits).toEqual([]);
    expect(session.press('q').exits).toEqual([0]);
  });
});

describe('alerts are counted on every screen', () => {
  const report = (alerts: Alert[] = [], alive = 1): BoardData['alerts'] => ({
    as_of: now,
    tenant_id: 'acme',
    alerts,
    executors: { alive, silent: 0 },
    jobs: [],
  });
  const alertReadings = (session: Session) =>
    session
      .asked('load-board')
      .filter(({ effect }) => effect.type === 'load-board' && effect.board === 'alerts');

  test('read at the start, and again every 15 s', () => {
    const session = Session.showing([orders]);
    expect(alertReadings(session)).toHaveLength(1);
    expect(session.timersSet('alerts')).toEqual([15_000]);
    session.answerBoard('alerts', report());
    session.wait(15_000).timer('alerts');
    expect(alertReadings(session)).toHaveLength(2);
  });

  test('one that has not been answered is not asked for twice', () => {
    const session = Session.showing([orders]).wait(15_000).timer('alerts');
    expect(alertReadings(session)).toHaveLength(1);
    expect(session.timersSet('alerts')).toHaveLength(2);
  });

  test('sooner while no executor is running', () => {
    const session = Session.showing([orders]);
    session.answerBoard('alerts', report([], 0));
    expect(session.timersSet('alerts')).toEqual([15_000, 3000]);
    session.wait(3000).timer('alerts');
    session.answerBoard('alerts', report());
    expect(session.timersSet('alerts')).toEqual([15_000, 3000, 15_000]);
  });

  test('the alerts opened on what had come first when the console was started', () => {
    const quiet = { name: 'ServoBackfillJobStuck', firing: false, jobs: [] } as unknown as Alert;
    const session = Session.showing([orders]).answerBoard('alerts', report([quiet]));
    expect(session.state.boards.alerts.cursor).toBeNull();
  });

  test('frozen data stays as it is', () => {
    const session = Session.showing([orders]);
    session.answerBoard('alerts', report());
    session.press('Z').wait(15_000).timer('alerts');
    expect(alertReadings(session)).toHaveLength(1);
  });

  test('a failure to count them is no failure of the screen', () => {
    const session = Session.showing([orders]).fail('load-board');
    expect(session.state.link.failure).toBeNull();
  });
});

describe('SQL of the checks', () => {
  const check = {
    name: 'stuck',
    title: 'Stuck',
    section: { runbook: 'backfill-operations', heading: 'Bulk Recovery' },
    meaning: '',
    severity: 'critical',
    columns: [],
    figure: '',
    remedies: [
      {
        action: 'reclaim',
        text: 'All at once',
        states: null,
        command: null,
        sql: 'UPDATE a\nSET b',
      },
    ],
  } as const satisfies CheckDefinition;
  const summary = { check, found: 0, truncated: false, worst: null, sql: 'SELECT 1' };
  const triage = () =>
    Session.showing([orders])
      .press('3')
      .answerBoard('triage', {
        as_of: now,
        tenant_id: 'acme',
        job_id: null,
        escalations: [],
        checks: [summary],
        jobs: [],
      });

  test('is read with s and copied with y, the remedy as a comment', () => {
    const session = triage().press('s');
    expect(session.state.overlay).toMatchObject({ type: 'reader', title: 'Stuck' });
    session.press('y');
    expect(session.effects.filter(({ type }) => type === 'copy')).toEqual([
      { type: 'copy', text: 'SELECT 1\n\n-- All at once\n-- UPDATE a\n-- SET b' },
    ]);
  });

  test('on an empty screen says that it is still read', () => {
    expect(Session.showing([orders]).press('3', 's').notice).toBe('still loading');
  });
});

describe('the triage', () => {
  const summary = (name: CheckDefinition['name'], found: number, severity = 'warning') =>
    ({
      check: { name, title: name, severity, section: {}, columns: [], remedies: [] },
      found,
      truncated: false,
      worst: null,
      sql: '',
    }) as unknown as CheckSummary;
  const report = (...checks: CheckSummary[]) => ({
    as_of: now,
    tenant_id: 'acme',
    job_id: null,
    escalations: [],
    checks,
    jobs: [],
  });
  const names = ({ state }: Session) => listed('triage', state.boards.triage).map(({ key }) => key);

  test('at 80x24 the only check that found something was below the screen', () => {
    const session = Session.showing([orders]).press('3');
    session.answerBoard(
      'triage',
      report(
        summary('stuck', 0, 'critical'),
        summary('at-risk', 2),
        summary('breached', 1, 'critical'),
      ),
    );
    expect(names(session)).toEqual(['breached', 'at-risk', 'stuck']);
  });

  test('a key acted on whatever had come first meanwhile, as long as the cursor had not been moved', () => {
    const session = Session.showing([orders]).press('3');
    session.answerBoard('triage', report(summary('stuck', 0, 'critical'), summary('at-risk', 2)));
    session.wait(5000).timer('refresh');
    session.answerBoard('triage', report(summary('stuck', 1, 'critical'), summary('at-risk', 2)));
    expect(names(session)).toEqual(['stuck', 'at-risk']);
    expect(session.state.boards.triage.cursor).toBe('at-risk');
  });
});

describe('escalation', () => {
  const escalation: Escalation = {
    runbook: 'backfill-operations',
    due: true,
    since: secondsAgo(1000),
    minutes: 16,
    triggers: [{ text: 'Multiple jobs stuck for >30 minutes', reason: '2 jobs are' }],
    steps: [
      { who: 'on-call', task: 'Notify on-call', after_minutes: 0, at: now, due: true },
      { who: 'Backend Lead', task: 'Escalate', after_minutes: 15, at: now, due: true },
      { who: 'Platform Lead', task: 'Escalate', after_minutes: 30, at: now, due: false },
    ],
    next: { who: 'Platform Lead', in_minutes: 14 },
  };
  const triage = (escalations: Escalation[]) =>
    Session.showing([orders]).press('3').answerBoard('triage', {
      as_of: now,
      tenant_id: 'acme',
      job_id: null,
      checks: [],
      escalations,
      jobs: [],
    });

  test('says who to contact now, who next, and why', () => {
    const { overlay } = triage([escalation]).press('E').state;
    if (overlay?.type !== 'reader') throw new Error('no text is open');
    expect(overlay.text).toContain('escalate now: Backend Lead');
    expect(overlay.text).toContain('Multiple jobs stuck for >30 minutes: 2 jobs are');
    expect(overlay.text).toContain('· Platform Lead: Escalate (at 12:00:00)');
  });

  test('without trouble says so', () => {
    expect(triage([]).press('E').notice).toBe('nothing to escalate');
  });
});

describe('order is held while the operator moves or a dialog is open', () => {
  const [one, two, three] = [1, 2, 3].map((number) =>
    aJob({ number, asset_name: `job_${number}`, execution_strategy: { type: 'sequential' } }),
  ) as [JobView, JobView, JobView];
  const envelope = { as_of: now, tenant_id: 'acme', jobs: [one, two, three] };
  const found = (job: JobView) => ({ job_id: job.id, asset_name: job.asset_name, cells: {} });
  const check = (name: string, hits: number) => ({
    check: { name, title: name, severity: 'warning', section: {}, columns: [], remedies: [] },
    found: hits,
    worst: found({ 'at-risk': one, stuck: two, breached: three }[name]!),
  });
  const executor = (job: JobView) => ({
    id: `web:${job.asset_name}`,
    handlers: [],
    running: [{ job_id: job.id, asset_name: job.asset_name }],
  });
  const alert = (job: JobView, firing: boolean) => ({
    name: job.asset_name,
    severity: 'warning',
    firing,
    description: '',
    check: null,
    jobs: [{ job_id: job.id, asset_name: job.asset_name }],
  });
  const due = (job: JobView, minutes: number) => ({
    ...job,
    sla_deadline_at: secondsAgo(-60 * minutes),
    risk_severity: 1 / minutes,
  });

  /** Each board with one, two, three in this order, and then as three, one, two. */
  const boards = {
    triage: [
      '3',
      {
        job_id: null,
        escalations: [],
        checks: [check('at-risk', 1), check('stuck', 1), check('breached', 0)],
      },
      {
        job_id: null,
        escalations: [],
        checks: [check('breached', 1), check('at-risk', 1), check('stuck', 1)],
      },
    ],
    check: ['3', { rows: [one, two, three].map(found) }, { rows: [three, one, two].map(found) }],
    risk: [
      '4',
      riskBoardOf([due(one, 10), due(two, 20), due(three, 30)], 9),
      riskBoardOf([due(one, 10), due(two, 20), due(three, 5)], 9),
    ],
    executors: [
      '5',
      { executors: [one, two, three].map(executor) },
      { executors: [three, one, two].map(executor) },
    ],
    alerts: [
      '6',
      { alerts: [alert(one, true), alert(two, true), alert(three, false)] },
      { alerts: [alert(three, true), alert(one, true), alert(two, true)] },
    ],
  } as const;

  const names = Object.keys(boards) as (keyof typeof boards)[];
  const data = (name: keyof typeof boards, which: 1 | 2) =>
    ({ ...envelope, ...boards[name][which] }) as never;
  const showing = (name: keyof typeof boards) => {
    const session = Session.showing([one, two, three]).press(boards[name][0]);
    if (name !== 'check') return session.answerBoard(name, data(name, 1));
    session.answerBoard('triage', data('triage', 1)).press('enter');
    return session.answerBoard('check', data('check', 1));
  };
  const again = (session: Session, name: keyof typeof boards, after = 1000) =>
    session.wait(after).timer('refresh').answerBoard(name, data(name, 2));
  const order = ({ state }: Session, name: keyof typeof boards) =>
    listed(name, state.boards[name]).map(({ job }) => job?.asset_name);

  test.each(names)('%s: while the operator moves, and for a moment after', (name) => {
    const session = showing(name).press('j');
    expect(order(session, name)).toEqual(['job_1', 'job_2', 'job_3']);
    again(session, name);
    expect(order(session, name)).toEqual(['job_1', 'job_2', 'job_3']);
    expect(session.cursorName).toBe('job_2');
    again(session.press('j'), name, 2500);
    expect([order(session, name), session.cursorName]).toEqual([
      ['job_1', 'job_2', 'job_3'],
      'job_3',
    ]);
    again(session, name, 3000);
    expect(order(session, name)).toEqual(['job_3', 'job_1', 'job_2']);
    expect(session.cursorName).toBe('job_3');
  });

  test.each(names)('%s: while a dialog is open, however long', (name) => {
    const session = showing(name).press('p').wait(60_000);
    expect(order(again(session, name), name)).toEqual(['job_1', 'job_2', 'job_3']);
    session.press('escape');
    expect(order(again(session.read().press('escape'), name), name)[0]).toBe('job_3');
  });

  test.each(names)('%s: the order is kept neither without moves nor after a filter', (name) => {
    expect(order(again(showing(name), name), name)[0]).toBe('job_3');
    const session = showing(name).press('j', '/').type('job').press('enter');
    expect(order(again(session, name), name)[0]).toBe('job_3');
  });

  test('rows that are new come after the others, and those that are gone go', () => {
    const session = Session.showing([one]).press('5');
    const read = (...jobs: JobView[]) =>
      session.answerBoard('executors', {
        ...envelope,
        executors: jobs.map(executor),
      } as never);
    read(one, two).press('j').wait(1000).timer('refresh');
    read(three, two);
    expect(order(session, 'executors')).toEqual(['job_2', 'job_3']);
    expect(session.cursorName).toBe('job_2');
  });

  test('risk: with a what-if', () => {
    const session = showing('risk').press('j').wait(10_000).press(')');
    expect(order(again(session, 'risk'), 'risk')).toEqual(['job_1', 'job_2', 'job_3']);
  });

  test('the count of alerts for the header turns no row round under the cursor', () => {
    const session = showing('alerts').press('j').wait(1000).timer('alerts');
    session.answerBoard('alerts', data('alerts', 2));
    expect([order(session, 'alerts'), session.cursorName]).toEqual([
      ['job_1', 'job_2', 'job_3'],
      'job_2',
    ]);
  });

  test('events: what comes meanwhile pushes no row down the screen', () => {
    const events = (count: number) =>
      journal(...Array.from({ length: count }, (_, index) => event(index)));
    const session = Session.showing([orders]).press('7').answerBoard('events', events(100));
    const line = () => {
      const { top, cursor } = session.state.boards.events;
      return shown(session).indexOf(cursor!) - top;
    };
    session.press('j', 'j').wait(1000).timer('refresh').answerBoard('events', events(103));
    expect([session.state.boards.events.cursor, line()]).toEqual(['97', 2]);
  });
});
