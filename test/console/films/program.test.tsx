import { test } from 'vitest';
import { actionNames, actionOf } from '../../../source/console/model/actions.ts';
import type { ContextView } from '../../../source/console/model/effects.ts';
import { Session } from '../../sessions/session.ts';
import { briefly, expectFilms, Film, factsOf, sized } from '../../support/film.tsx';
import { boardsOfFleet, fleet, jobNamed } from '../../support/fleet.ts';
import { aJob, secondsAgo } from '../../support/jobs.ts';
import { expectTexts } from '../../support/texts.ts';

const some = fleet.slice(0, 3);
const table = (columns = 100, rows = 12, options = {}) =>
  Session.showing(some, { ...options, ...sized(columns, rows) });
const typed = (text: string) =>
  [`typed: ${text}`, (session: Session) => session.type(text)] as const;
const line = (text: string) => (session: Session) => session.press(':').type(text).press('enter');

test('the state at the start', () =>
  expectTexts(
    'initial-state',
    [...factsOf(new Session().state)].map(([path, value]) => `${path}=${value}`),
    'console',
  ));

test('palette and help', () =>
  expectFilms('finders', {
    palette: new Film(table(100, 15))
      .shot('table')
      .press(':', 'down', 'up', 'end', 'home', 'page-down')
      .after(...typed('so'))
      .press('tab', 'down', 'tab', 'enter'),
    'palette, what is refused': new Film(table(90, 12).press(':'))
      .shot('opened')
      .after(...typed('sort nmae'))
      .press('enter', 'escape')
      .after('a tenant', (session) => session.press(':').type('tenant '))
      .after('they are read', (session) =>
        session.answer('load-tenants', { type: 'tenants', tenants: ['acme', 'globex', 'initech'] }),
      )
      .after(...typed('glo'))
      .press('ctrl-w', 'escape', 'escape')
      .after('pasted', (session) => session.press(':').paste('pau\nse'))
      .press('enter', 'escape'),
    ...Object.fromEntries(
      [
        'job a0',
        'job clicks',
        'job',
        'job zz',
        'sort -asset',
        'sort',
        'filter clicks',
        'interval 3',
        'interval 100ms',
        'interval 11m',
        'interval x',
        'tenant',
        'tenant acme',
        'context prod',
        'home',
        'rw',
        'ro',
        'handoff x',
        'export',
        'quit',
        'zzz',
        'pause',
        '3',
      ].map((text) => [`:${text}`, new Film(table(90, 9)).after('entered', line(text))]),
    ),
    'a job is looked for': new Film(table(90, 9))
      .after('asked', line('job 00ab'))
      .after('found', (session) => session.answer('find-job', { type: 'found', job: fleet[5]! }))
      .after('another', line('job 00cd'))
      .after('not found', (session) => session.fail('find-job', 'not_found'))
      .after('a third', line('job 00ef'))
      .after('lost', (session) => session.fail('find-job')),
    help: new Film(table(130, 14))
      .press('?', 'down', 'page-down', 'end')
      .after(...typed('prob'))
      .press('enter'),
    'help, on the job screen': new Film(table(70, 14).press('enter'))
      .press('?')
      .after(...typed('zzz'))
      .press('enter', 'escape', 'escape'),
    'help of what is disabled': new Film(table(90, 14, { read_only: true, locked_reason: null }))
      .press('?')
      .after(...typed('pause'))
      .press('enter'),
  }));

const view = (tenant: string, over: Partial<ContextView> = {}): ContextView => ({
  labels: { context: null, database: 'warehouse', tenant, embedded: false, rls_bypassed: false },
  read_only: false,
  locked_reason: null,
  accent: null,
  ...over,
});
const contexts = {
  contexts: ['prod', 'staging', 'local'],
  tenants: ['globex'],
  leads: {
    prod: { database: 'db1/warehouse', tenant: 'acme', read_only: true },
    staging: { database: null, tenant: null, read_only: false },
  },
};
const prod = view('acme', {
  labels: {
    context: 'prod',
    database: 'warehouse',
    tenant: 'acme',
    embedded: true,
    rls_bypassed: true,
  },
  read_only: true,
  accent: 'red',
});

test('contexts, tenants, and what unlocks them', () =>
  expectFilms('contexts', {
    'another context': new Film(table(100, 12, contexts))
      .after('they are listed', (session) => session.press(':').type('context '))
      .after(...typed('prod'))
      .press('enter', 'p')
      .after('again', line('tenant globex'))
      .after('opened', (session) => session.answer('open-context', { type: 'opened', view: prod }))
      .after('read', (session) => session.answerJobs(some))
      .after('locked', line('ro'))
      .press('p', 'escape')
      .after('unlocking', line('rw'))
      .press('shift-tab', 'y')
      .after('painted', (session) =>
        session
          .send({
            type: 'painted',
            token: (session.state.overlay as never as { token: number }).token,
          })
          .wait(300),
      )
      .press('y')
      .after(...typed('prodx'))
      .press('enter', 'y', 'backspace', 'escape', 'y')
      .after('unlocked', (session) => session.answer('unlock', { type: 'unlocked', ms: 600_000 }))
      .after('again', line('rw'))
      .after('five minutes later', (session) => session.wait(299_000).timer('clock'))
      .after('it is over', (session) => session.wait(301_000).timer('unlock'))
      .after('home', line('home'))
      .after('failed', (session) => session.fail('open-context', 'schema', 'servo-tui migrate'))
      .after('none', line('context pord')),
    'a tenant, from a board': new Film(
      table(100, 12, contexts).press('6').answerBoard('alerts', boardsOfFleet.alerts),
    )
      .after('asked', line('tenant globex'))
      .after('opened', (session) =>
        session.answer('open-context', { type: 'opened', view: view('globex') }),
      ),
    'unlocking fails': new Film(table(80, 14, { read_only: true, locked_reason: null }))
      .after('unlocking', line('rw'))
      .after('closed', (session) =>
        session
          .send({
            type: 'painted',
            token: (session.state.overlay as never as { token: number }).token,
          })
          .wait(300)
          .type('acme')
          .press('tab', 'y'),
      )
      .after('refused', (session) => session.fail('unlock', 'permission_denied')),
    'it cannot be unlocked': new Film(
      table(80, 10, { read_only: true, locked_reason: 'no write_url' }),
    )
      .shot('table')
      .press('p')
      .after('unlocking', line('rw')),
  }));

const slow = (session: Session, ms: number) => session.timer('refresh').wait(ms).answerJobs(some);

test('what the console notices without a key', () =>
  expectFilms('background', {
    'answers that take long': new Film(table(110, 9))
      .after('three of 400 ms', (session) => [400, 400, 400].map((ms) => slow(session, ms)))
      .after('five of 700 ms', (session) =>
        [700, 700, 700, 700, 700].map((ms) => slow(session, ms)),
      )
      .after('one of 30 s', (session) => slow(session, 30_000))
      .after('three of 3 s', (session) => [3000, 3000, 3000].map((ms) => slow(session, ms)))
      .after('three of 25 s', (session) => [25_000, 25_000, 25_000].map((ms) => slow(session, ms)))
      .after('fast again', (session) => Array.from({ length: 5 }, () => slow(session, 10)))
      .after('20 later', (session) => Array.from({ length: 20 }, () => slow(session, 10))),
    bells: new Film(table(100, 9).press('m', 'j', 'm', 'j', 'm'))
      .shot('three')
      .after('they are read', (session) =>
        session
          .wait(2000)
          .timer('bells')
          .answer('load-named', {
            type: 'named',
            jobs: [
              { ...some[0]!, state: 'completed' },
              { ...some[1]!, risk_level: 'high', state: 'paused' },
            ],
          }),
      )
      .after('nothing new', (session) =>
        session
          .wait(2000)
          .timer('bells')
          .answer('load-named', {
            type: 'named',
            jobs: [{ ...some[1]!, risk_level: 'high', state: 'paused' }],
          }),
      )
      .after('a failure', (session) => session.wait(2000).timer('bells').fail('load-named'))
      .after('gone', (session) =>
        session.wait(2000).timer('bells').answer('load-named', { type: 'named', jobs: [] }),
      )
      .after('none is left', (session) => session.timer('bells')),
    alerts: new Film(table(120, 9))
      .after('they are read', (session) =>
        session.answer('load-board', {
          type: 'board',
          board: 'alerts',
          data: boardsOfFleet.alerts,
        }),
      )
      .after('no executor', (session) =>
        session
          .wait(3000)
          .timer('alerts')
          .answer('load-board', {
            type: 'board',
            board: 'alerts',
            data: {
              ...boardsOfFleet.alerts,
              executors: { alive: 0, silent: 0 },
              alerts: [{ ...boardsOfFleet.alerts.alerts[2]!, firing: true }],
            },
          }),
      )
      .after('all is well', (session) =>
        session.timer('alerts').answer('load-board', {
          type: 'board',
          board: 'alerts',
          data: { ...boardsOfFleet.alerts, executors: { alive: 2, silent: 0 }, alerts: [] },
        }),
      )
      .after('a failure', (session) => session.timer('alerts').fail('load-board'))
      .after('counts', (session) => session.press('5').timer('counts'))
      .after('frozen', (session) => session.press('Z').timer('counts').timer('alerts')),
    'started again, woken, repainted': new Film(table(80, 9))
      .after('a light background', (session) => session.send({ type: 'background', light: true }))
      .after('woken', (session) => session.send({ type: 'woken' }))
      .after('many keys in one read', (session) => session.burst('jjjjjjjjjjjjjjjjppp'))
      .after('many in a field', (session) => session.press('/').burst('asset:clicks* by:mara'))
      .after('the notice passes', (session) =>
        session.press('escape', '>').wait(5000).timer('notice'),
      ),
  }));

const many = Array.from({ length: 1200 }, (_, index) =>
  aJob({ number: index + 1, asset_name: `asset_${index + 1}` }),
);
const answered = (session: Session) => session.answerFrom(many);

test('more jobs than are loaded', () =>
  expectFilms('paging', {
    many: new Film(Session.on(many, sized(100, 9)))
      .shot('opened')
      .press('G')
      .after('answered', answered)
      .press('k', 'g')
      .after('answered', answered)
      .press('page-down')
      .after('in the middle', (session) => {
        for (let page = 0; page < 30; page += 1) session.press('page-down');
      })
      .after('answered', answered)
      .press('I')
      .after('answered', answered)
      .press('>')
      .after('answered', answered)
      .after('sorted by what is not walked', line('sort failed'))
      .after('answered', answered)
      .after('filtered', (session) => session.press('/').type('asset_11').press('enter'))
      .after('answered', answered)
      .press('escape')
      .after('answered', answered),
  }));

const job = jobNamed('sessions');
const acting = (name: (typeof actionNames)[number], one: typeof job) => {
  const session = Session.showing([one], sized(100, 24)).press(actionOf(name).key).seen();
  const { card } = session;
  const fill: Record<string, string> = {
    priority: '8',
    deadline: '+2h',
    reason: 'why',
    check: card.expected ?? '',
  };
  while (session.focus !== 'confirm') {
    const text = fill[session.focus];
    if (text !== undefined && session.card.values[session.focus as 'reason'] === '')
      session.type(text);
    session.press('tab');
  }
  return session.press('y');
};
const subjects: Record<string, typeof job> = {
  ...Object.fromEntries(actionNames.map((name) => [name, job])),
  resume: jobNamed('orders_daily'),
  reclaim: jobNamed('weather_hourly'),
};
const note = ({ state }: Session) =>
  state.follows.map(({ phase, text, tone }) => `${phase} {${tone}} ${text}`).join(' | ') ||
  `notice: ${state.notice?.text}`;

/** What may be read of the job after an action. */
const readings: Record<string, (one: typeof job) => Partial<typeof job>> = {
  'as before': () => ({}),
  'a version later': ({ version }) => ({ version: version + 1 }),
  paused: ({ version }) => ({ state: 'paused', version: version + 1, running_slots: 0 }),
  'paused, two still run': ({ version }) => ({
    state: 'paused',
    version: version + 1,
    running_slots: 3,
    silent_slots: 1,
  }),
  'paused, of silent ones': ({ version }) => ({
    state: 'paused',
    version: version + 1,
    running_slots: 1,
    silent_slots: 1,
    checkpoint_partition_key: null,
  }),
  'paused, without a checkpoint': ({ version }) => ({
    state: 'paused',
    version: version + 1,
    running_slots: 0,
    checkpoint_partition_key: null,
  }),
  resuming: ({ version }) => ({ state: 'resuming', version: version + 1 }),
  cancelled: ({ version }) => ({ state: 'cancelled', version: version + 1, running_slots: 0 }),
  running: ({ version }) => ({
    state: 'running',
    version: version + 1,
    heartbeat_stale: false,
    running_slots: 1,
    silent_slots: 0,
  }),
  'running, stale': ({ version }) => ({
    state: 'running',
    version: version + 1,
    heartbeat_stale: true,
  }),
  completed: ({ version }) => ({ state: 'completed', version: version + 1, running_slots: 0 }),
  pending: ({ version }) => ({ state: 'pending', version: version + 1, running_slots: 0 }),
  'as it was set': ({ version }) => ({
    version: version + 1,
    priority: 8,
    sla_deadline_at: secondsAgo(-7200),
  }),
};

const countsOfRetried: readonly Record<string, number>[] = [
  {},
  { completed: 1 },
  { completed: 2, failed: 1 },
  { completed: 3 },
  { running: 2 },
];

/** Consecutive cases with the same outcome on one line. */
function grouped(lines: readonly string[]): string[] {
  const groups: { titles: string[]; outcome: string }[] = [];
  for (const line of lines) {
    const [title = '', ...rest] = line.split(': ');
    const outcome = rest.join(': ');
    const last = groups.at(-1);
    if (outcome !== '' && last?.outcome === outcome) last.titles.push(title);
    else groups.push({ titles: [title], outcome });
  }
  return groups.map(({ titles, outcome }) =>
    outcome === '' ? titles.join() : `${titles.join(' | ')}: ${outcome}`,
  );
}

test('what is told of an action until it has had its effect', () => {
  const lines = actionNames.flatMap((name) => {
    const one = subjects[name]!;
    const applied = (changes = {}) =>
      acting(name, one).answerAct({ version: one.version + 1, ...changes });
    const retried = { retried_partitions: 3, retried_keys: ['a', 'b', 'c'], version: one.version };
    const looked = (
      session: Session,
      changes: Partial<typeof job>,
      of_keys?: Record<string, number>,
    ) => session.answerJob({ ...one, ...changes }, {}, of_keys);
    const row = (title: string, session: Session, from: number) =>
      [
        `${title}: ${note(session)}`,
        ...session.effects
          .slice(from)
          .flatMap((effect) =>
            effect.type === 'timer' && effect.name !== 'clock' && effect.name !== 'dialogs'
              ? [` (${effect.name} ${effect.after_ms})`]
              : effect.type === 'data' && effect.effect.type === 'load-job'
                ? [` → ${briefly(effect.effect)}`]
                : [],
          ),
      ].join('');
    const told = (title: string, session: Session, step: (session: Session) => Session) => {
      const from = session.effects.length;
      return row(title, step(session), from);
    };
    return [
      `# ${name}`,
      `sent: ${acting(name, one)
        .acts.map((act) => briefly(act))
        .join()}`,
      told('sent', acting(name, one), (session) => session),
      told('skipped', acting(name, one), (session) =>
        session.answerAct({ result: 'skipped', message: 'no' }),
      ),
      told('failed', acting(name, one), (session) =>
        session.answerAct({ result: 'failed', message: 'no' }),
      ),
      told('refused', acting(name, one), (session) => session.fail('act', 'not_allowed', 'look')),
      told('lost', acting(name, one), (session) => session.fail('act')),
      told('applied', acting(name, one), (session) => session.answerAct({})),
      ...Object.entries(readings).map(([title, changes]) =>
        told(`applied, then ${title}`, applied(), (session) => looked(session, changes(one))),
      ),
      ...['as before', 'a version later', 'paused', 'cancelled', 'as it was set'].map((title) =>
        told(`lost, then ${title}`, acting(name, one).fail('act'), (session) =>
          looked(session, readings[title]!(one)),
        ),
      ),
      ...[19_900, 20_000, 29_999, 30_000].map((ms) =>
        told(`applied, as before after ${ms} ms`, applied().wait(ms), (session) =>
          looked(session, {}),
        ),
      ),
      told('applied, then resuming after 30 s', applied().wait(30_000), (session) =>
        looked(session, { state: 'resuming', version: one.version + 1, heartbeat_stale: true }),
      ),
      told('applied, then gone', applied(), (session) => session.fail('load-job', 'not_found')),
      told('applied, then lost', applied(), (session) => session.fail('load-job')),
      ...(name === 'retry' ? countsOfRetried : []).map((counts) =>
        told(`retried, then ${briefly(counts)}`, applied(retried), (session) =>
          looked(session, {}, counts),
        ),
      ),
      ...(name === 'retry'
        ? [
            told(
              'retried more than are named',
              applied({ ...retried, retried_partitions: 5 }),
              (session) => looked(session, {}),
            ),
            told('retried, then paused', applied(retried), (session) =>
              looked(session, { state: 'paused' }, { completed: 1 }),
            ),
            told('retried, then cancelled', applied(retried), (session) =>
              looked(session, { state: 'cancelled' }),
            ),
            told('retried, and not claimed', applied(retried).wait(30_000), (session) =>
              looked(session, {}),
            ),
          ]
        : []),
      ...(name === 'retry' || name === 'recreate'
        ? ['pending', 'running', 'completed'].map((state) =>
            told(
              `in a new job, ${state}`,
              applied({ ...retried, new_job_id: aJob({ number: 0xee }).id }),
              (session) =>
                session.answerJob(
                  { ...aJob({ number: 0xee, state, priority: 10 }) },
                  {},
                  { completed: 1 },
                ),
            ),
          )
        : []),
      '',
    ];
  });
  return expectTexts('follows', grouped(lines), 'console');
});
