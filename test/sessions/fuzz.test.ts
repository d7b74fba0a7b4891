import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keymap } from '../../source/console/app/keymap.ts';
import { isDropping } from '../../source/console/dialogs/form.ts';
import { asked } from '../../source/console/model/asking.ts';
import type { DataEffect } from '../../source/console/model/effects.ts';
import { rowsOf } from '../../source/console/model/job-rows.ts';
import { jobLayout, jobsLayout, linesOf } from '../../source/console/model/layout.ts';
import type { Card } from '../../source/console/model/overlay.ts';
import { jobStates } from '../../source/domain/job/state.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { kindsOf } from '../../source/presentation/partition/failure-groups.ts';
import { aJob, anInsight, buckets, now } from '../support/jobs.ts';
import { PlainSession } from './plain-session.ts';
import { Session } from './session.ts';

const keys = fc.constantFrom(
  ...new Set(keymap.flatMap((binding) => binding.keys)),
  ...'abyn :é表'.split(''),
  'unknown',
  'backspace',
);

const someJobs = fc
  .array(
    fc.record({
      number: fc.integer({ min: 1, max: 12 }),
      state: fc.constantFrom(...jobStates, 'quarantined'),
      version: fc.integer({ min: 1, max: 5 }),
      total_partitions: fc.constantFrom(0, 3, 10_000),
      asset_name: fc.constantFrom('orders', 'clicks', '\x1b[2J', ''),
      error_message: fc.constantFrom(null, 'boom'),
    }),
    { maxLength: 8 },
  )
  .map((rows) => [...new Map(rows.map((row) => [row.number, aJob(row)])).values()]);

const many = Array.from({ length: 1300 }, (_, index) => aJob({ number: index + 1 }));

type Act = (session: Session) => unknown;

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: keys.map(
      (key): Act =>
        (session) =>
          session.press(key),
    ),
  },
  {
    weight: 3,
    arbitrary: someJobs.map(
      (jobs): Act =>
        (session) =>
          session.refreshed(jobs),
    ),
  },
  fc
    .tuple(
      fc.constantFrom('load-jobs', 'load-job', 'act', 'plan-jobs', 'announce-dialog'),
      fc.constantFrom<ErrorCode>('database_unreachable', 'not_found', 'internal', 'not_allowed'),
    )
    .map(
      ([type, code]): Act =>
        (session) => {
          if (session.asked(type as 'act').length > 0) session.fail(type as 'act', code);
        },
    ),
  fc.tuple(someJobs, fc.array(fc.constantFrom('late by 3 s', 'late by 9 s', 'boom'))).map(
    ([jobs, messages]): Act =>
      (session) => {
        const [job] = jobs;
        if (job === undefined || session.asked('load-job').length === 0) return;
        const failed = messages.map((error_message, index) => ({
          partition_key: `k${index}`,
          attempt_count: 3,
          failure_count: 3,
          error_message,
          completed_at: null,
        }));
        const waiting = jobs.map((one) => ({ id: one.id, to: job.id, depth: 1, job: one }));
        const insight = anInsight({ failures: kindsOf(failed), waiting });
        session.answerJob(job, { insight, map: buckets(['k0', 'k1'], () => 'failed') });
      },
  ),
  fc.nat(1300).map(
    (count): Act =>
      (session) =>
        asked(session.state, 'jobs') !== null && session.answerFrom(many.slice(0, count)),
  ),
  fc.constantFrom('running', 'failed').map(
    (state): Act =>
      (session) => {
        if (session.asked('load-partition').length > 0)
          session.answerPartition('k0', { partition: { state: state as 'failed' } });
        if (session.asked('load-job-sql').length > 0)
          session.answer('load-job-sql', { type: 'sql', text: 'select 1;' });
        if (session.asked('write-report').length > 0)
          session.answer('write-report', { type: 'report', path: '/tmp/x.md', text: '# X' });
      },
  ),
  someJobs.map(
    (jobs): Act =>
      (session) => {
        if (session.asked('plan-jobs').length > 0) session.answerPlan(jobs);
      },
  ),
  fc.constantFrom('applied', 'skipped', 'failed').map(
    (result): Act =>
      (session) => {
        if (session.acts.length > 0) session.answerAct({ result: result as 'applied' });
      },
  ),
  fc.constantFrom('refresh', 'watch', 'notice', 'clock', 'dialogs').map(
    (name): Act =>
      (session) =>
        session.timer(name as 'clock'),
  ),
  fc.tuple(someJobs, fc.constantFrom('cancel', '\x1b[2J')).map(
    ([jobs, action]): Act =>
      (session) => {
        const other = { actor: 'jo', host: 'db-7', action, opened_at: now };
        const job_ids = jobs.map(({ id }) => id);
        const dialogs = job_ids.length === 0 ? [] : [{ ...other, jobs: jobs.length, job_ids }];
        if (session.asked('announce-dialog').length > 0)
          session.answer('announce-dialog', { type: 'dialogs', as_of: now, dialogs });
        if (session.asked('close-dialog').length > 0)
          session.answer('close-dialog', { type: 'dialog-closed' });
      },
  ),
  fc.string().map(
    (text): Act =>
      (session) =>
        session.paste(text),
  ),
  fc.nat(5000).map(
    (time): Act =>
      (session) =>
        session.wait(time),
  ),
  fc.constant<Act>((session) => session.state.overlay?.type === 'card' && session.read()),
  fc.tuple(fc.nat(210), fc.nat(60)).map(
    ([columns, rows]): Act =>
      (session) =>
        session.send({ type: 'resized', size: { columns, rows } }),
  ),
);

/**
 * `npm run fuzz` plays scripts for a number of minutes in each test; otherwise each plays a set
 * number of them.
 */
const minutes = Number(process.env.SERVO_FUZZ_MINUTES ?? 0);
const length = (numRuns: number): fc.Parameters<unknown> =>
  minutes > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: minutes * 60_000 }
    : { numRuns };
const timeout = 30_000 + minutes * 90_000;

const oneInTen = fc.nat(9).map((nth) => nth === 0);

/** Only a dialog starts an action on several jobs. */
test(
  'whatever happens: no run without a card that was painted, with its count typed',
  () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 80 }), (script) => {
        const session = Session.showing([aJob({ number: 1 }), aJob({ number: 2 })]);
        session.press('space', 'down', 'space', 'p').answerPlan([aJob({ number: 1 })]);
        for (const step of script) {
          const { overlay, run } = session.state;
          step(session);
          if (run === null && session.state.run !== null) {
            expect(overlay).toMatchObject({ type: 'card', painted_at: expect.any(Number) });
            const { expected, values } = overlay as Card;
            expect(values.check).toBe(expected);
          }
        }
      }),
      length(300),
    );
  },
  timeout,
);

test(
  'whatever happens: no crash, the cursor is on a row, and nothing is sent without y on a card',
  () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 80 }), oneInTen, (script, atSize) => {
        const session = Session.showing([
          aJob({ number: 1 }),
          aJob({ number: 2, state: 'paused' }),
        ]);
        if (atSize) session.timer('refresh').answerFrom(many);
        for (const step of script) {
          const before = session.acts.length;
          const { overlay, run } = session.state;
          step(session);
          if (session.acts.length > before) {
            const byRun = run?.items.find(({ result }) => result === null)?.job.id;
            if (byRun !== undefined && session.acts.at(-1)?.plan !== undefined) continue;
            // Only a dialog that was open, painted and complete can have sent it.
            expect(overlay).toMatchObject({ type: 'card', painted_at: expect.any(Number) });
            expect(session.state.overlay?.type ?? 'run').toBe('run');
          }
          check(session);
        }
      }),
      length(1000),
    );
  },
  timeout,
);

const words = fc.constantFrom(
  ...'pause cancel resume retry reclaim tune deadline recreate status list all stop continue'.split(
    ' ',
  ),
  ...'alerts help quit problems state:running priority:x orders clicks 00000001 0000000 1 2 8'.split(
    ' ',
  ),
  ...['yes', 'YES', 'y', '.', '', 'none', '+2h', '\x1b[2J'],
);
const typed = fc.oneof(
  { weight: 4, arbitrary: words },
  { weight: 3, arbitrary: fc.array(words, { maxLength: 3 }).map((all) => all.join(' ')) },
  fc.string(),
  // What leads to a question and its answers.
  {
    weight: 4,
    arbitrary: fc.constantFrom('pause 00000001', 'cancel 00000001', 'retry orders', 'tune clicks'),
  },
);
type Line = { text: string | null; run: (session: PlainSession) => unknown };
const when = (run: Line['run']): Line => ({ text: null, run });

const asks = ({ effects }: PlainSession, type: DataEffect['type']) =>
  effects.some((one) => one.type === 'data' && one.effect.type === type);

const lines: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(typed, fc.boolean()).map(([text, pasted]) => ({
      text,
      run: (session: PlainSession) => (pasted ? session.paste(text) : session.say(text)),
    })),
  },
  // The answer that the question wants.
  {
    weight: 24,
    arbitrary: fc.constant<Line>({
      text: 'yes',
      run: (session) => {
        const { card } = session;
        const texts = { reason: 'why', check: card?.expected ?? '', confirm: 'yes', cancel: '.' };
        session.say(card === null ? '' : (texts[card.focus as 'reason'] ?? '8'));
      },
    }),
  },
  { weight: 2, arbitrary: someJobs.map((jobs) => when((session) => session.read(...jobs))) },
  fc
    .tuple(
      fc.constantFrom('load-jobs', 'load-job', 'find-job', 'act', 'plan-jobs', 'announce-dialog'),
      fc.constantFrom<ErrorCode>('database_unreachable', 'not_found', 'not_allowed'),
    )
    .map(([type, code]) =>
      when((session) => asks(session, type as 'act') && session.fail(type as 'act', code)),
    ),
  {
    weight: 2,
    arbitrary: fc.constantFrom('pause', 'resume', 'tune').map((name) =>
      when((session) => {
        session.say(`all ${name} problems`);
        const jobs = [1, 2, 3].map((number) =>
          aJob({ number, state: name === 'resume' ? 'paused' : 'running' }),
        );
        const plan = { id: name, created_at: now, jobs, truncated: true };
        if (asks(session, 'plan-jobs')) session.answer('plan-jobs', { type: 'planned', plan });
      }),
    ),
  },
  someJobs.map((jobs) =>
    when((session) => {
      const plan = { id: `plan ${jobs.length}`, created_at: now, jobs, truncated: false };
      if (asks(session, 'plan-jobs')) session.answer('plan-jobs', { type: 'planned', plan });
      const [job] = jobs;
      if (job !== undefined && asks(session, 'find-job'))
        session.answer('find-job', { type: 'found', job });
    }),
  ),
  fc.constantFrom('applied', 'skipped', 'failed').map((result) =>
    when((session) => {
      const { id = '' } = session.acts.at(-1) ?? {};
      const acted = { id, result: result as 'applied', state: null, version: 9, message: '\x1b' };
      if (id !== '') session.answer('act', { type: 'acted', result: acted });
    }),
  ),
  fc
    .constantFrom('refresh', 'watch', 'notice', 'clock', 'dialogs', 'alerts')
    .map((name) => when((session) => session.timer(name as 'clock'))),
  fc.nat(5000).map((time) => when((session) => session.wait(time))),
);

test(
  'whatever is typed and answered in lines: nothing is sent without a yes to a question that was read',
  () => {
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 60, size: 'max' }), (script) => {
        const session = new PlainSession([
          aJob({ number: 1, asset_name: 'orders' }),
          aJob({ number: 2, asset_name: 'clicks', state: 'paused' }),
        ]);
        for (const { text, run } of script) {
          const { card, state, acts } = session;
          run(session);
          const now = session.state;
          if (session.acts.length > acts.length) {
            const goesOn =
              state.run !== null && session.acts.at(-1)?.plan?.id === state.run.plan.id;
            if (goesOn) continue;
            expect([card?.focus, text?.toLowerCase()]).toEqual(['confirm', 'yes']);
            expect(isDropping(card!, now.at)).toBe(false);
            if (card!.expected !== null) expect(card!.values.check).toBe(card!.expected);
          }
          // What is printed is the whole of the view: nothing waits for a key.
          expect([null, 'card']).toContain(now.overlay?.type ?? null);
        }
        for (const line of session.told) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        // The same jobs once more are no news.
        const jobs = [aJob({ number: 1, asset_name: 'orders' })];
        session.read(...jobs).told = [];
        expect(session.read(...jobs).told).toEqual([]);
      }),
      length(200),
    );
  },
  timeout,
);

function check({ state }: Session): void {
  const rows = rowsOf(state.jobs);
  expect(rows).toHaveLength(state.jobs.order.length);
  if (rows.length > 0) expect(state.jobs.order).toContain(state.jobs.cursor);
  const layout = jobsLayout(state);
  const index = state.jobs.order.indexOf(state.jobs.cursor ?? '');
  if (index >= 0 && state.screen === 'jobs') {
    expect(index).toBeGreaterThanOrEqual(state.jobs.top);
    expect(index).toBeLessThan(state.jobs.top + layout.rows);
  }
  // What was announced last to the other consoles is what is open here.
  if (asked(state, 'dialogs') === null) {
    const card = state.overlay?.type === 'card' ? state.overlay.token : null;
    const { announced, refused } = state.dialogs;
    expect(card !== null && card === refused ? null : card).toBe(announced);
  }
  if (state.job !== null && linesOf(state.size) >= 6) {
    const job = jobLayout(state, state.job);
    const lines =
      2 +
      job.facts +
      job.map.lines.length +
      job.panels +
      [
        job.header,
        job.stall,
        job.banner,
        job.legend,
        job.trend === 'line',
        job.gap,
        job.note,
        job.hints,
      ].filter(Boolean).length;
    expect(lines).toBeLessThanOrEqual(linesOf(state.size));
  }
}
