import { expect, test } from 'vitest';
import { type BoardName, boardNames } from '../../source/console/model/boards.ts';
import type { Effect } from '../../source/console/model/effects.ts';
import type { State } from '../../source/console/model/state.ts';
import { Session } from '../sessions/session.ts';
import { boardData, clicks, orders } from '../support/board-data.ts';
import { aJob, secondsAgo } from '../support/jobs.ts';

const jobs = [orders, clicks, aJob({ number: 3, asset_name: 'visits', failed_partitions: 2 })];
const boardKeys: Record<BoardName, string[]> = {
  triage: ['3'],
  check: ['3', 'enter'],
  risk: ['4'],
  executors: ['5'],
  alerts: ['6'],
  events: ['7'],
};

const table = () => Session.showing(jobs);
const board = (name: BoardName) => () => {
  const session = table();
  for (const key of boardKeys[name]) {
    session.press(key);
    const { screen } = session.state;
    const shown = boardNames.find((one) => one === screen);
    if (shown !== undefined) session.answerBoard(shown, boardData[shown] as never);
  }
  if (session.state.screen !== name) throw new Error(`${name} is not on these keys`);
  return session;
};

/** Where keys are pressed. */
const places: Record<string, () => Session> = {
  jobs: table,
  'jobs, on one that is paused': () => table().press('j'),
  'jobs, read-only': () => Session.showing(jobs, { read_only: true }),
  'jobs, none': () => Session.showing([]),
  job: () =>
    table()
      .press('enter')
      .answerJob(orders, {
        failed: [
          {
            partition_key: 'p1',
            error_message: 'refused',
            attempt_count: 3,
            completed_at: secondsAgo(9),
          } as never,
        ],
      }),
  ...Object.fromEntries(boardNames.map((name) => [name, board(name)])),
};

/** What there is to see of a state, in a word each. */
function seen({ screen, overlay, jobs, job, boards, ...rest }: State): Record<string, unknown> {
  const { options, at, context_number, next_request, asking, size, ...small } = rest;
  return {
    screen,
    overlay: overlay && [overlay.type, ...('name' in overlay ? [overlay.name] : [])].join(' '),
    cursor: jobs.cursor?.slice(0, 8),
    sort: `${jobs.sort.column}${jobs.sort.descending ? ' down' : ''}`,
    filter: jobs.filter.text,
    panel: job?.panel,
    selected: job?.selected,
    ...Object.fromEntries(
      boardNames.flatMap((name) => [
        [`${name} cursor`, boards[name].cursor],
        [`${name} what`, JSON.stringify(boards[name].what)],
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(small).map(([name, value]) => [
        name,
        // Whether something is told is seen; what it says is for the tests of the words.
        name === 'notice' ? (value as State['notice'])?.tone : plain(value),
      ]),
    ),
  };
}

const plain = (value: unknown) =>
  JSON.stringify(value instanceof Set ? [...value].map((id) => String(id).slice(0, 8)) : value);

const effect = (one: Effect): string => {
  if (one.type === 'data') return one.effect.type;
  return 'name' in one ? `${one.type} ${one.name}` : one.type;
};

/** What a key leads to: what is seen otherwise than before, and what is asked for. */
function ledTo(make: () => Session, key: string): string {
  const session = make();
  const before = seen(session.state);
  const done = session.effects.length;
  session.press(key);
  const after = seen(session.state);
  const changes = Object.entries(after).flatMap(([name, value]) =>
    JSON.stringify(value) === JSON.stringify(before[name]) ? [] : [`${name}=${short(value)}`],
  );
  const effects = [...new Set(session.effects.slice(done).map(effect))];
  return [...changes, ...effects.map((name) => `!${name}`)].join(' ') || 'nothing';
}

/** Jobs by their number. Times and whole structures are not what a key is about. */
const short = (value: unknown) => {
  const text = String(typeof value === 'object' ? JSON.stringify(value) : value);
  return text.length > 70
    ? 'more'
    : text.replace(/\b0+(\d)(-0000-4000-8000-0{12})?\b/g, '#$1').replace(/\d{4,}/g, 'N');
};

test('every key on every screen leads to what is written down for it', async () => {
  const lines = Object.entries(places).flatMap(([place, make]) => {
    const keys = [
      ...new Set(make().state.options.keymap.flatMap((binding) => binding.keys)),
    ].sort();
    return [`# ${place}`, ...keys.map((key) => `${key}: ${ledTo(make, key)}`), ''];
  });
  await expect(lines.join('\n')).toMatchFileSnapshot('every-key.txt');
});
