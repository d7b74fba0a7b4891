import { test } from 'vitest';
import { Session } from '../../sessions/session.ts';
import { expectFilms, Film, resize, sized } from '../../support/film.tsx';
import { fleet, fullDetail } from '../../support/fleet.ts';
import { aDetail, aJob, anInsight, now } from '../../support/jobs.ts';

const job = { ...fleet[0]!, failed_partitions: 3230 };
const opened = (columns: number, rows: number, detail = fullDetail(job)) =>
  Session.showing([job, ...fleet.slice(1, 4)], sized(columns, rows))
    .press('enter')
    .answer('load-job', { type: 'job', detail });
const others = fleet.filter(({ asset_name }) =>
  ['payments', 'returns', 'revenue_daily', 'orders_daily', 'refunds'].includes(asset_name),
);

test('a job: its panels at every size', () =>
  expectFilms('job', {
    'every panel on 80×24': new Film(opened(80, 24))
      .shot('opened')
      .press('tab', 'tab', 'tab', 'tab', 'tab', 'tab', 'shift-tab'),
    'side by side': new Film(opened(200, 48)).shot('200×48').press('right', 'left', 'left'),
    'one above the others': new Film(opened(120, 45)).shot('120×45').press('tab'),
    'low and narrow': new Film(opened(100, 16))
      .shot('100×16')
      .after('60×12', resize(60, 12))
      .after('40×7', resize(40, 7))
      .after('40×4', resize(40, 4)),
    'nothing in any panel': new Film(opened(90, 14, aDetail(job, { insight: anInsight() })))
      .shot('90×14')
      .press('tab', 'tab', 'tab', 'tab', 'tab', 'enter', 'l'),
    'not read yet': new Film(Session.showing([job], sized(90, 14)).press('enter'))
      .shot('90×14')
      .press('tab', 'enter', 'l', 's', 'escape')
      .after('figures, no insight', (session) =>
        session.answer('load-job', { type: 'job', detail: aDetail(job, { insight: null }) }),
      ),
  }));

test('what is opened from the panels of a job', () =>
  expectFilms('job-keys', {
    failed: new Film(opened(100, 20))
      .shot('opened')
      .press('enter', 'down', 'enter')
      .after('it is read', (session) => session.answerPartition('2024-01-01/eu-1'))
      .press('down', 'y', 'escape', 'l')
      .after('its output', (session) => session.answerPartition('2024-01-01/eu-1'))
      .press('escape', 'G', 'g', 'y', 'Y', 'm'),
    'open, slow, events': new Film(opened(100, 20).press('tab'))
      .shot('open')
      .press('enter')
      .after('it is gone', (session) => session.fail('load-partition', 'not_found'))
      .press('escape', 'l')
      .after('running', (session) =>
        session.answerPartition('2024-03-01', { partition: { state: 'running' } }),
      )
      .after('a second later', (session) => session.wait(1000).timer('refresh'))
      .press('escape', 'tab', 'enter', 'escape', 'tab', 'enter', 'escape', 'down', 'down', 'enter')
      .press('escape', 's')
      .after('it is answered', (session) =>
        session.answer('load-job-sql', { type: 'sql', text: 'select 1;\nselect 2;' }),
      )
      .press('escape'),
    'tree, executors': new Film(opened(100, 20).press('tab', 'tab', 'tab', 'tab'))
      .shot('tree')
      .press('enter', 'escape', 'down', 'down', 'down', 'enter', 'escape', 'G', 'enter', 'l')
      .press('escape', 'tab', 'enter', 'escape', 'escape', 'escape'),
    'a reading later': new Film(opened(100, 20))
      .shot('opened')
      .after('it has ended', (session) =>
        session
          .wait(1000)
          .timer('refresh')
          .answer('load-job', {
            type: 'job',
            detail: fullDetail({ ...job, state: 'failed', version: 9, completed_at: now }),
          }),
      )
      .after('it is gone', (session) =>
        session.wait(61_000).timer('refresh').fail('load-job', 'not_found'),
      )
      .press('p', 'm', 'Z', 'ctrl-r', 'Z')
      .after('no answer', (session) => session.wait(3500).timer('clock'))
      .after('lost', (session) => session.fail('load-job'))
      .after('back', (session) =>
        session
          .wait(1000)
          .timer('refresh')
          .answer('load-job', { type: 'job', detail: fullDetail(job) }),
      ),
    ...Object.fromEntries(
      others.map((one) => [
        `the facts of ${one.asset_name}`,
        new Film(
          Session.showing([one], sized(110, 14))
            .press('enter')
            .answer('load-job', { type: 'job', detail: aDetail(one) }),
        ).shot('opened'),
      ]),
    ),
    'one that was never followed': new Film(
      Session.showing([aJob({ created_by: null, started_at: null })], sized(110, 14)).press(
        'm',
        'enter',
      ),
    ).shot('opened'),
  }));
