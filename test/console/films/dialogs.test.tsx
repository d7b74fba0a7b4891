import { test } from 'vitest';
import { actionNames, actionOf } from '../../../source/console/model/actions.ts';
import type { DiagnosedJob } from '../../../source/domain/triage/explanation.ts';
import { Session } from '../../sessions/session.ts';
import { eventRows, stuckCheck } from '../../support/board-rows.ts';
import { diagnosedJob, explainFacts } from '../../support/explained.ts';
import { expectFilms, Film, resize, sized } from '../../support/film.tsx';
import { fleet, jobNamed } from '../../support/fleet.ts';
import { aJob, now, secondsAgo } from '../../support/jobs.ts';

/** A job for which most actions are possible. */
const job = { ...jobNamed('sessions'), asset_name: 'sessions' };
const japanese = jobNamed('売上_日次');
const paused = jobNamed('orders_daily');
const stale = jobNamed('weather_hourly');
const jobOf = { resume: paused, reclaim: stale } as Readonly<Record<string, typeof job>>;

const dialog = {
  actor: 'joe',
  host: 'laptop',
  action: 'pause',
  jobs: 1,
  job_ids: [job.id],
  opened_at: secondsAgo(90),
};
const painted = (session: Session) => session.seen();
const told = (session: Session) =>
  session
    .answer('load-recent-events', {
      type: 'recent-events',
      as_of: now,
      events: [{ ...eventRows[0]!, job_id: job.id }],
    })
    .answer('explain-job', {
      type: 'explained',
      diagnosed: diagnosedJob(explainFacts(job.id, { with_handler: 0, ready: 0 })),
    })
    .answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs: [dialog] });

const card = (name: (typeof actionNames)[number], columns = 90, rows = 22) => {
  const one = jobOf[name] ?? job;
  return Session.showing([one], sized(columns, rows)).press(actionOf(name).key);
};

test('the dialog of each action on one job', () =>
  expectFilms('cards', {
    ...Object.fromEntries(
      actionNames.map((name) => [
        name,
        new Film(card(name).press('y'), { told: false })
          .after('painted, and everything is told', (session) => told(painted(session)))
          .press('shift-tab', 'y'),
      ]),
    ),
  }));

const typed = (text: string) => [text, (session: Session) => session.type(text)] as const;

test('what is typed into a dialog, and what comes of it', () =>
  expectFilms('cards-typed', {
    tune: new Film(card('tune').seen())
      .shot('opened')
      .after(...typed('11'))
      .press('enter')
      .after(...typed('x'))
      .press('tab', 'escape', 'y', 'backspace')
      .after(...typed('8'))
      .press('shift-tab', 'end', 'backspace', 'left')
      .after(...typed('-'))
      .after('pasted', (session) => session.paste('why\nnot\u001b[31m'))
      .press('ctrl-u', '9', 'up', 'n'),
    deadline: new Film(card('deadline').seen())
      .shot('opened')
      .after(...typed('soon'))
      .press('ctrl-u')
      .after(...typed('2024-05-14'))
      .press('ctrl-u')
      .after(...typed('14:30'))
      .press('ctrl-u')
      .after(...typed('+90m'))
      .press('tab')
      .after(...typed('agreed'))
      .press('tab', 'enter', 'y'),
    cancel: new Film(card('cancel').seen())
      .shot('opened')
      .after(...typed('because'))
      .press('tab')
      .after(...typed('sessionx'))
      .press('tab', 'y', 'backspace')
      .after(...typed('s'))
      .press('tab', 'y')
      .after('it is done', (session) => session.answerAct({ state: 'cancelled', version: 8 }))
      .after('looked at', (session) =>
        session.answer('load-job', {
          type: 'job',
          detail: { as_of: now, job: { ...job, state: 'cancelled', version: 8 } } as never,
        }),
      ),
    'a name that no keyboard has': new Film(
      Session.showing([japanese], sized(70, 16)).press('X').seen(),
    ).shot('opened'),
    'the job has changed': new Film(card('pause').seen())
      .shot('opened')
      .after('changed', (session) =>
        session.refreshed([{ ...job, version: 9, state: 'paused', paused_at: now }]),
      )
      .press('shift-tab', 'y')
      .after('gone', (session) => session.refreshed([]))
      .press('y')
      .after('no answer', (session) => session.wait(1000).timer('refresh').fail('load-jobs'))
      .press('y'),
    'others close theirs': new Film(told(card('pause').seen()))
      .shot('opened')
      .after('3 s later', (session) => session.wait(3000).timer('dialogs'))
      .after('closed', (session) =>
        session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs: [] }),
      )
      .after('lost', (session) => session.wait(3000).timer('dialogs').fail('announce-dialog'))
      .after('refused', (session) =>
        session.wait(3000).timer('dialogs').fail('announce-dialog', 'permission_denied'),
      )
      .press('escape', 'escape'),
    'low and narrow': new Film(told(card('recreate').seen()))
      .shot('90×22')
      .after('60×14', resize(60, 14))
      .after('42×11', resize(42, 11))
      .after('38×9', resize(38, 9))
      .after('160×40', resize(160, 40)),
    refused: new Film(Session.showing([jobNamed('ledger')], sized(90, 10)))
      .shot('of one that has ended')
      .press(...actionNames.map((name) => actionOf(name).key)),
    'read-only': new Film(
      Session.showing([job], { ...sized(90, 10), read_only: true, locked_reason: null }),
    )
      .shot('opened')
      .press('p'),
  }));

const some = fleet.slice(0, 6);
const plan = (name: (typeof actionNames)[number], columns = 100, rows = 20) =>
  Session.showing(some, sized(columns, rows))
    .press('g', 'v', 'G', 'v', actionOf(name).key)
    .answerPlan(some)
    .seen();

test('a dialog on several jobs, and its run', () =>
  expectFilms('plans', {
    ...Object.fromEntries(
      actionNames
        .filter((name) => name !== 'resume')
        .map((name) => [name, new Film(plan(name)).shot('opened')]),
    ),
    'y too early': new Film(plan('cancel')).shot('opened').press('escape', 'y'),
    'nothing to resume': new Film(Session.showing(some, sized(100, 12)).press('v', 'G', 'v', 'r'))
      .shot('asked')
      .after('answered', (session) => session.answerPlan(some)),
    'all that match': new Film(Session.showing(some, sized(100, 12)).press('*'))
      .shot('asked')
      .after('too many', (session) => session.answerPlan(some, true))
      .press('X')
      .after('answered', (session) => session.answerPlan(some, true))
      .press('escape', 'escape', 'X', 'escape', 'X')
      .after('failed', (session) => session.fail('plan-jobs', 'permission_denied')),
    'many, and others': new Film(
      Session.showing([...fleet], sized(80, 16))
        .press('g', 'v', 'G', 'v', 'p')
        .answerPlan([...fleet])
        .seen(),
    )
      .shot('opened')
      .after('others', (session) =>
        session
          .answer('announce-dialog', {
            type: 'dialogs',
            as_of: now,
            dialogs: [{ ...dialog, jobs: 2, job_ids: fleet.slice(0, 2).map(({ id }) => id) }],
          })
          .answer('explain-job', {
            type: 'explained',
            diagnosed: diagnosedJob(explainFacts(job.id, { with_handler: 0, ready: 0 })),
          }),
      )
      .press('page-down', 'page-down', 'page-up'),
    'some are gone, some are not shown': new Film(
      Session.showing(some, sized(100, 14))
        .press('v', 'G', 'v')
        .press('/')
        .type('clicks')
        .press('enter')
        .answerFrom(some)
        .press('p')
        .answerPlan(some.slice(0, 4))
        .seen(),
    ).shot('opened'),
    'a run': new Film(plan('pause'))
      .shot('opened')
      .press('tab')
      .after('typed', (session) => session.type(session.card.expected!).press('tab'))
      .press('y')
      .after('one is done', (session) => session.answerAct({ message: 'paused' }))
      .after('one is skipped', (session) =>
        session.answerAct({ result: 'skipped', message: 'the job has changed' }),
      )
      .after('one had been done', (session) =>
        session.answerAct({ result: 'skipped', already: true, message: 'done' }),
      )
      .press('S')
      .after('one has failed', (session) =>
        session.answerAct({ result: 'failed', message: 'refused by a trigger' }),
      )
      .press('escape', 'q', 'p', ':', 'escape', 'B', 'y')
      .after('lost', (session) => session.fail('act'))
      .press('y', 'S')
      .after('back', (session) => session.wait(2000).timer('refresh').answerJobs(some))
      .press('y')
      .after('done', (session) => session.answerAct({ message: 'paused' }))
      .press('j', 'escape', 'escape', 'B', 'y', 'x', 'enter', 'B', 'q'),
    'a long run': new Film(
      (() => {
        const many = Array.from({ length: 20 }, (_, number) =>
          aJob({ number: number + 1, asset_name: `asset_${number + 1}` }),
        );
        const session = Session.showing(many, sized(80, 14))
          .press('v', 'G', 'v', 'p')
          .answerPlan(many);
        return session
          .seen()
          .press('tab')
          .type('20')
          .press('tab', 'y')
          .answerAct({ message: 'paused' });
      })(),
    )
      .shot('begun')
      .press('j', 'G', 'k', 'g', 'page-down', 'escape'),
  }));

const diagnosed = (overrides: Partial<DiagnosedJob> = {}): DiagnosedJob => ({
  ...diagnosedJob(explainFacts(job.id)),
  findings: [
    {
      check: stuckCheck,
      sql: 'select 1',
      rows: [
        {
          job_id: job.id,
          asset_name: job.asset_name,
          state: 'running',
          version: 7,
          since: null,
          cells: { age: 840 },
        },
      ],
    },
  ],
  scenario: 'stuck',
  advice: null,
  recommendation: {
    action: 'pause',
    text: 'Pause it.',
    command: 'servo-tui pause 000000a2',
    ready: {
      action: 'pause',
      id: job.id,
      state: job.state,
      version: job.version,
      parameters: {},
      reason: 'as the runbook says',
    },
  },
  ...overrides,
});
const verified = (helped: boolean) => ({
  type: 'verified' as const,
  verification: {
    as_of: now,
    tenant_id: 'acme',
    job_id: job.id,
    state: 'paused',
    version: 8,
    checks: [
      { name: 'stuck' as const, title: stuckCheck.title, holds: !helped, row: null },
      { name: 'resuming' as const, title: 'Resuming for long', holds: false, row: null },
    ],
    helped,
  },
});
const recommended = () =>
  Session.showing([job], sized(100, 24))
    .press('e')
    .answer('explain-job', { type: 'explained', diagnosed: diagnosed() });
const acted = () =>
  recommended()
    .press('enter')
    .read()
    .press('y')
    .answerAct({ state: 'paused', version: 8 })
    .answer('load-job', {
      type: 'job',
      detail: {
        as_of: now,
        job: { ...job, state: 'paused', version: 8, running_slots: 0 },
      } as never,
    });

test('the texts that are read, and what they recommend', () =>
  expectFilms('readers', {
    explained: new Film(recommended())
      .shot('answered')
      .press('G', 'g', 'page-down', 'y', 'enter')
      .after('painted', painted)
      .press('shift-tab', 'y'),
    'it has helped': new Film(acted())
      .shot('done')
      .after('verified', (session) => session.answer('verify-job', verified(true))),
    'it has not helped': new Film(acted())
      .shot('done')
      .after('not yet', (session) => session.answer('verify-job', verified(false)))
      .after('again', (session) => session.wait(2000).timer('verify').fail('verify-job'))
      .after('half a minute later', (session) =>
        session.wait(29_000).timer('verify').answer('verify-job', verified(false)),
      ),
    'it was not done': new Film(recommended().press('enter').read().press('escape', 'escape')).shot(
      'closed',
    ),
    'nothing is recommended': new Film(
      Session.showing([job], sized(100, 20))
        .press('e')
        .answer('explain-job', {
          type: 'explained',
          diagnosed: diagnosed({ recommendation: null, findings: [], scenario: null }),
        }),
    )
      .shot('answered')
      .press('enter', 'escape'),
    'it failed': new Film(
      Session.showing([job], sized(80, 12)).press('e').fail('explain-job', 'not_found'),
    ).shot('answered'),
    'a report': new Film(
      Session.showing([job], sized(100, 14)).press(':').type('export').press('enter'),
    )
      .shot('asked')
      .after('written', (session) =>
        session.answer('write-report', {
          type: 'report',
          path: 'incident.md',
          text: '# Incident\n\n- a',
        }),
      )
      .press('y', 'escape')
      .after('refused', (session) =>
        session.press(':').type('handoff 4h').press('enter').fail('write-report', 'system'),
      ),
  }));
