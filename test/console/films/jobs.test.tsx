import { test } from 'vitest';
import { Session } from '../../sessions/session.ts';
import { expectFilms, Film, resize, sized } from '../../support/film.tsx';
import { fleet, fullDetail } from '../../support/fleet.ts';
import { aJob, secondsAgo } from '../../support/jobs.ts';

const table = (columns = 110, rows = 14) => Session.showing([...fleet], sized(columns, rows));
const some = fleet.slice(0, 5);
const few = (columns = 100, rows = 13) => Session.showing(some, sized(columns, rows));

test('the table of jobs: its sizes, and the pane', () =>
  expectFilms('jobs', {
    'at every size': new Film(table(120, 24))
      .shot('120×24')
      .after('80×20', resize(80, 20))
      .after('50×10', resize(50, 10))
      .after('40×6', resize(40, 6))
      .after('30×3', resize(30, 3)),
    'the pane': new Film(few(180, 18))
      .shot('loading')
      .after('it is asked for', (session) => session.wait(300).timer('pane'))
      .after('it is answered', (session) =>
        session.answer('load-job', { type: 'job', detail: fullDetail(some[0]!) }),
      )
      .after('a second later', (session) => session.wait(1000).timer('pane'))
      .press('j', 'G')
      .after('another one', (session) =>
        session
          .wait(300)
          .timer('pane')
          .answer('load-job', { type: 'job', detail: fullDetail(some[4]!, { insight: null }) }),
      )
      .after('a failure', (session) => session.wait(3000).timer('pane').fail('load-job')),
    none: new Film(Session.showing([], sized(80, 14)))
      .shot('the tenant has none')
      .after('none is visible', (session) => session.refreshed([], { page: { visible: false } }))
      .press('enter', 'p', 'space', 'm', 'e', 'y', '2', '*'),
    'not read yet': new Film(new Session(sized(60, 12)).send({ type: 'started' }), { told: false })
      .shot('started')
      .press('enter', '*', 'G')
      .after('a failure', (session) => session.fail('load-jobs', 'schema', 'servo-tui migrate')),
  }));

test('the keys of the table of jobs', () =>
  expectFilms('jobs-keys', {
    keys: new Film(table())
      .shot('opened')
      .press('j', 'k', 'G', 'g', 'page-down', 'page-up', 'space', 'v', 'j', 'j', 'v', 'U')
      .press('>', '<', 'I', '<', 'w', 'right', 'right', 'left', 'w', '+', '-', '!', 'escape')
      .press('Z')
      .after('frozen for a minute', (session) => session.wait(61_000).timer('clock'))
      .press('ctrl-r', 'Z', 'm', 'm', 'y', 'Y', '8', 'ctrl-l', 'ctrl-z', 'q', 'ctrl-c'),
    'a filter': new Film(few())
      .shot('opened')
      .press('/')
      .after('typed', (session) => session.type('state:run pri'))
      .after('it is answered', (session) => session.answerFrom(some))
      .press('left', 'ctrl-w', 'end', 'ctrl-u', 'x')
      .press('enter')
      .after('nothing matches', (session) => session.answerFrom(some))
      .press('/', 'a', 'escape', 'escape')
      .after('all again', (session) => session.answerFrom(some)),
    'a reading later': new Film(few())
      .shot('opened')
      .after('one has changed, one is gone, one is new', (session) =>
        session.refreshed([
          { ...some[3]!, state: 'failed', completed_at: secondsAgo(0) },
          ...some.slice(1, 3),
          aJob({ number: 9, asset_name: 'new_one' }),
        ]),
      )
      .press('p', 'escape')
      .after('the order again', (session) => session.wait(10_000).refreshed(some.slice(1)))
      .after('no answer', (session) =>
        session.wait(1000).timer('refresh').wait(4000).timer('clock'),
      )
      .after('a failure', (session) =>
        session.fail('load-jobs', 'database_unreachable', 'start it'),
      )
      .after('another', (session) => session.wait(2000).timer('refresh').fail('load-jobs'))
      .after('and again', (session) => session.wait(9000).timer('refresh').fail('load-jobs'))
      .press('j', 'p', 'ctrl-r')
      .after('back', (session) => session.answerJobs(some)),
  }));
