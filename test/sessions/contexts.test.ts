import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unlockedMinutes } from '../../source/console/model/access.ts';
import type { ContextView, DataAnswer, DataEffect } from '../../source/console/model/effects.ts';
import type { Unlock } from '../../source/console/model/overlay.ts';
import { aDetail, aJob, aList } from '../support/jobs.ts';
import { Session } from './session.ts';

const jobOf = (tenant: string, number = 1) =>
  aJob({ number: number + tenant.charCodeAt(0) * 16, asset_name: `${tenant}_${number}` });

const view = (tenant: string, over: Partial<ContextView> = {}): ContextView => ({
  labels: { context: null, database: 'warehouse', tenant, embedded: false, rls_bypassed: false },
  read_only: false,
  locked_reason: null,
  accent: null,
  ...over,
});

const start = () =>
  Session.showing([jobOf('acme')], { contexts: ['prod', 'staging'], tenants: ['globex'] });
const to = (session: Session, line: string) => session.press(':').type(line).press('enter');
const opened = (session: Session, tenant: string, over: Partial<ContextView> = {}) =>
  session.answer('open-context', { type: 'opened', view: view(tenant, over) });

describe('another tenant or context, without leaving', () => {
  test('everything of the old one is gone at once, and the new one is read', () => {
    const session = to(start().press('enter').answerJob(jobOf('acme')), 'tenant globex');
    expect(session.state.opening).toBe('tenant globex');
    opened(session, 'globex');
    expect(session.state).toMatchObject({
      screen: 'jobs',
      job: null,
      opening: null,
      context_number: 1,
    });
    expect(session.state.jobs).toMatchObject({ list: null, order: [], cursor: null });
    expect(session.state.options.labels.tenant).toBe('globex');
    session.answerJobs([jobOf('globex')]);
    expect(session.names).toEqual(['globex_1']);
  });

  test('an answer that the old one still owed is dropped', () => {
    const session = start().wait(1000).timer('refresh');
    const owed = session.asked('load-jobs').at(-1)!.request;
    opened(to(session, 'tenant globex'), 'globex');
    const late: DataAnswer = { type: 'jobs', list: aList([jobOf('acme')]) };
    session.send({ type: 'answered', request: owed, answer: late });
    expect(session.state.jobs.list).toBeNull();
  });

  test('labels, read-only and accent follow the context', () => {
    const session = to(start(), 'context prod');
    expect(session.asked('open-context').at(-1)!.effect).toMatchObject({ to: { context: 'prod' } });
    const labels = { ...view('acme').labels, context: 'prod' };
    opened(session, 'acme', {
      labels,
      read_only: true,
      accent: 'red',
      locked_reason: 'no write_url',
    });
    expect(session.state.options).toMatchObject({ labels, read_only: true, accent: 'red' });
    session.answerJobs([jobOf('acme')]).press('p');
    expect(session.notice).toBe('this console is read-only');
  });

  test('a failure leaves one where one was, with the reason', () => {
    const session = to(start(), 'context staging').fail('open-context', 'schema', 'run: migrate');
    expect(session.notice).toBe('still in warehouse / acme: connection refused — run: migrate');
    expect(session.state).toMatchObject({ opening: null, context_number: 0 });
    expect(session.names).toEqual(['acme_1']);
  });

  test('a context that the file does not have is refused before anything is opened', () => {
    const session = to(start(), 'context prof');
    expect(session.notice).toBe('no context "prof": did you mean prod?');
    expect(session.asked('open-context')).toEqual([]);
  });

  test('home leads back to where the console began, though that is no context', () => {
    const session = start();
    expect(to(session, 'home').notice).toBe('already there');
    session.press('escape');
    const labels = { ...view('acme').labels, context: 'prod', database: 'elsewhere' };
    opened(to(session, 'context prod'), 'acme', { labels });
    opened(to(session, 'tenant globex'), 'globex', { labels: { ...labels, tenant: 'globex' } });
    expect(to(session, 'home').state.opening).toBe('warehouse / acme');
    expect(session.asked('open-context').at(-1)!.effect).toMatchObject({ to: { home: true } });
    opened(session, 'acme');
    expect(session.notice).toBe('switched to warehouse / acme');
    expect(session.state.home).toEqual(view('acme').labels);
  });

  test('not while an action has no answer, and no action while a context is opened', () => {
    const acting = start().press('p').read().press('y');
    expect(to(acting, 'tenant globex').notice).toContain('has not answered yet (pause acme_1)');
    const session = to(start(), 'tenant globex').press('p');
    expect(session.state.overlay).toBeNull();
    expect(session.notice).toBe('opening tenant globex');
  });
});

test('never a row of one tenant under the header of another, nor an action that crosses', () => {
  const tenants = ['acme', 'globex', 'initech'];
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('go' as const), tenant: fc.constantFrom(...tenants) }),
      fc.record({ do: fc.constant('answer' as const), which: fc.nat(20), fails: fc.boolean() }),
      fc.record({
        do: fc.constant('press' as const),
        key: fc.constantFrom(...'py jk\u000d1357'.split(''), 'enter', 'escape'),
      }),
      fc.record({ do: fc.constant('refresh' as const) }),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, (script) => {
      const session = new Session({ tenants });
      const tenantOf = ['acme'];
      const owed: { request: number; effect: DataEffect; context_number: number }[] = [];
      let seen = 0;
      const collect = () => {
        for (; seen < session.effects.length; seen += 1) {
          const effect = session.effects[seen]!;
          if (effect.type === 'data')
            owed.push({ ...effect, context_number: session.state.context_number });
          if (effect.type === 'announce-paint')
            session.send({ type: 'painted', token: effect.token }).wait(300);
        }
      };
      session.send({ type: 'started' });
      collect();
      for (const step of script) {
        if (step.do === 'go') {
          if (session.state.overlay === null) to(session, `tenant ${step.tenant}`).press('escape');
        } else if (step.do === 'press') session.press(step.key);
        else if (step.do === 'refresh') session.wait(1000).timer('refresh');
        else if (owed.length > 0) {
          const [one] = owed.splice(step.which % owed.length, 1);
          const { request, effect, context_number } = one!;
          const tenant = tenantOf[context_number]!;
          const job = jobOf(tenant);
          const answers: Partial<Record<DataEffect['type'], DataAnswer>> = {
            'load-jobs': { type: 'jobs', list: aList([job, jobOf(tenant, 2)]) },
            'load-job': { type: 'job', detail: aDetail(job) },
          };
          let answer = step.fails ? undefined : answers[effect.type];
          if (!step.fails && effect.type === 'open-context' && 'tenant' in effect.to) {
            answer = { type: 'opened', view: view(effect.to.tenant) };
            tenantOf[effect.context_number] = effect.to.tenant;
          }
          const failure = { code: 'database_unreachable', message: 'gone' } as const;
          session.send({
            type: 'answered',
            request,
            answer: answer ?? { type: 'failure', failure },
          });
        }
        collect();
        const { state } = session;
        const { tenant } = state.options.labels;
        expect(tenant).toBe(tenantOf[state.context_number]);
        const rows = [
          ...(state.jobs.list?.jobs ?? []),
          ...Object.values(state.jobs.gone),
          ...(state.job === null ? [] : [state.job.job]),
          ...(state.overlay?.type === 'card' ? [state.overlay.job] : []),
        ];
        for (const row of rows) expect(row.asset_name).toMatch(new RegExp(`^${tenant}_`));
        for (const { effect, context_number } of owed) {
          if (effect.type !== 'act') continue;
          expect([
            jobOf(tenantOf[context_number]!).id,
            jobOf(tenantOf[context_number]!, 2).id,
          ]).toContain(effect.id);
        }
      }
    }),
    { numRuns: 300 },
  );
});

describe('a read-only context is unlocked for a limited time', () => {
  const labels = { ...view('acme').labels, context: 'prod' };
  const locked = (locked_reason: string | null = null) =>
    Session.showing([jobOf('acme')], { labels, read_only: true, locked_reason });
  const dialog = ({ state }: Session): Unlock => {
    if (state.overlay?.type !== 'unlock') throw new Error('no such dialog is open');
    return state.overlay;
  };
  const painted = (session: Session) =>
    session.send({ type: 'painted', token: dialog(session).token }).wait(300);
  const asking = () => painted(to(locked(), 'rw'));
  const unlocking = () => asking().press('tab').type('prod').press('tab', 'y');
  const unlocked = () => unlocking().answer('unlock', { type: 'unlocked', ms: 600_000 });

  test('where it cannot be, it says why', () => {
    const why = '--read-only is set and cannot be unlocked';
    expect(to(locked(why), 'rw').notice).toBe(why);
    expect(to(start(), 'rw').notice).toBe('this context is not read-only');
  });

  test('the context is typed, and y said on a button: Enter never means yes', () => {
    const early = asking().press('shift-tab', 'y');
    expect(dialog(early).hint).toBe('type prod to enable the button');
    const session = asking().type('prod').press('tab', 'enter', 'enter');
    expect(dialog(session).hint).toBe('Enter does not confirm: press y');
    expect(session.asked('unlock')).toEqual([]);
    expect(session.press('y').asked('unlock')).toHaveLength(1);
  });

  test('what was typed ahead or pasted does not answer', () => {
    const ahead = to(locked(), 'rw').type('prod').press('tab', 'y');
    expect(ahead.asked('unlock')).toEqual([]);
    expect(asking().paste('prod\ny').asked('unlock')).toEqual([]);
    expect(asking().burst('prod\ty').asked('unlock')).toEqual([]);
  });

  test('nothing can be written before the session says that it can', () => {
    expect(unlocking().press('p').notice).toBe('this console is read-only: : rw unlocks it');
    expect(unlocked().press('p').card.name).toBe('pause');
  });

  test('it ends after ten minutes, also under an open dialog', () => {
    const session = unlocked();
    expect(session.timersSet('unlock')).toEqual([600_000]);
    expect(unlockedMinutes(session.state)).toBe(10);
    session.wait(540_001).press('j');
    expect(unlockedMinutes(session.state)).toBe(1);
    session
      .refreshed([jobOf('acme')])
      .press('p')
      .read()
      .wait(60_000)
      .press('y');
    expect(session.acts).toEqual([]);
    expect(session.card.hint).toContain('this console is read-only');
    session.timer('unlock');
    expect(session.asked('lock')).toHaveLength(1);
  });

  test('ro ends it at once', () => {
    const session = to(unlocked(), 'ro').press('p');
    expect(session.asked('lock')).toHaveLength(1);
    expect(session.notice).toContain('this console is read-only');
  });

  test('another context has its own lock, whatever was unlocked before', () => {
    const session = opened(to(unlocked(), 'tenant globex'), 'globex', { read_only: true });
    session.answerJobs([jobOf('globex')]).press('p');
    expect(session.state.overlay).toBeNull();
  });
});
