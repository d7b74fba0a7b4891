import { expect, test } from 'vitest';
import { isNoChange, noChange, type WhatIf } from '../../source/domain/forecast/what-if.ts';
import { remainingWhatIf } from '../../source/domain/risk/what-if.ts';
import { mostSlots, readWhatIf, type WhatIfInput } from '../../source/domain/risk/what-if-input.ts';
import type { Problem } from '../../source/errors.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const deadline = secondsAgo(-3600);
const one = aJob({ number: 1, sla_deadline_at: deadline, failed_partitions: 2 });
const two = aJob({ number: 2, failed_partitions: 0 });
const paused = aJob({ number: 3, state: 'paused' });
const ended = aJob({ number: 4, state: 'completed' });
const jobs = [one, two, paused];

type About = { job?: typeof one; pause?: (typeof one)[]; resume?: (typeof one)[] };

const read = (input: WhatIfInput, { job, pause = [], resume = [] }: About = {}) => {
  const problems: Problem[] = [];
  const what = readWhatIf(input, job ?? null, { pause, resume }, jobs, now, problems);
  return {
    what,
    problems: problems.map(({ message }) => message),
    hints: problems.map(({ hint }) => hint),
  };
};

const understood: [string, WhatIfInput, About, Partial<WhatIf>][] = [
  ['nothing', {}, {}, {}],
  ['slots', { slots: ' 12 ' }, {}, { slots: 12 }],
  ['as many slots as can be', { slots: String(mostSlots) }, {}, { slots: mostSlots }],
  ['no slots', { slots: '0' }, {}, { slots: 0 }],
  ['a pause', {}, { pause: [one, two] }, { pause: [one.id, two.id] }],
  ['a resume', {}, { resume: [paused] }, { resume: [paused.id] }],
  ['a hold', { hold: true }, {}, { claiming: 'hold' }],
  ['a priority', { priority: '9' }, { job: one }, { priority: { [one.id]: 9 } }],
  ['another try of all that failed', { retry_failed: true }, {}, { retry_failed: [one.id] }],
  ['another try of a job', { retry_failed: true }, { job: two }, { retry_failed: [] }],
  ['no other try', { retry_failed: false }, { job: one }, {}],
  ['a parallelism', { parallel: '8' }, { job: one }, { parallel: { [one.id]: 8 } }],
  ['no deadline', { deadline: ' None ' }, { job: one }, { deadline: { [one.id]: null } }],
  ['a deadline', { deadline: '+2h' }, { job: two }, { deadline: { [two.id]: secondsAgo(-7200) } }],
  ['all deadlines later', { extend: '30m' }, {}, { deadline: { [one.id]: secondsAgo(-5400) } }],
  [
    'all deadlines later, by a sign',
    { extend: ' +30m' },
    {},
    { deadline: { [one.id]: secondsAgo(-5400) } },
  ],
  [
    'a deadline earlier',
    { extend: '-30m' },
    { job: one },
    { deadline: { [one.id]: secondsAgo(-1800) } },
  ],
  ['the deadline of a job without one, later', { extend: '1h' }, { job: two }, {}],
];

test.each(understood)('%s is understood', (_, input, about, expected) => {
  const { what, problems } = read(input, about);
  expect(problems).toEqual([]);
  expect(what).toEqual({ ...noChange, ...expected });
  expect(isNoChange(what)).toBe(isNoChange({ ...noChange, ...expected }));
});

const mistakes: [string, WhatIfInput, About, RegExp[]][] = [
  ['slots', { slots: 'many' }, {}, [/^invalid --slots "many"$/]],
  ['more slots than can be', { slots: '100001' }, {}, [/^invalid --slots "100001"$/]],
  ['a figure with more', { slots: '1x' }, {}, [/^invalid --slots "1x"$/]],
  ['a figure after more', { slots: 'x1' }, {}, [/^invalid --slots "x1"$/]],
  ['a pause of what is paused', {}, { pause: [one, paused] }, [/^00000003: .* \(--pause\)$/]],
  ['a resume of what runs', {}, { resume: [one] }, [/^00000001: .* \(--resume\)$/]],
  ['a priority of all', { priority: '8' }, {}, [/^--priority requires a job$/]],
  ['a priority that is none', { priority: '11' }, { job: one }, [/priority/]],
  ['a parallelism of all', { parallel: '8' }, {}, [/^--parallel requires a job$/]],
  ['a deadline of all', { deadline: '+1h' }, {}, [/^--deadline requires a job$/]],
  ['no deadline of all', { deadline: 'none' }, {}, [/^--deadline requires a job$/]],
  ['a parallelism that is none', { parallel: 'x' }, { job: one }, [/parallel/]],
  ['a deadline that is none', { deadline: 'x' }, { job: one }, [/deadline/]],
  [
    'both',
    { deadline: '+1h', extend: '1h' },
    { job: one },
    [/^--deadline and --extend are mutually exclusive$/],
  ],
  ['an extension that is none', { extend: 'x' }, {}, [/^invalid --extend "x"$/]],
  [
    'what has ended',
    { parallel: '3' },
    { job: ended },
    [/^00000004 has ended \(completed\): no what-if is possible$/],
  ],
];

test.each(mistakes)('%s is a mistake', (_, input, about, expected) => {
  const { what, problems, hints } = read(input, about);
  expect(problems).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
  if (/^--(parallel|priority|deadline) requires a job$/.test(problems[0]!)) {
    const [flag, value] = Object.entries(input)[0]!;
    expect(hints).toEqual([`servo-tui risk JOB --${flag} ${value}`]);
    expect(isNoChange(what)).toBe(true);
  }
  if (/^invalid --(slots|extend)/.test(problems[0]!)) expect(hints[0]).toMatch(/\w/);
});

test('an ended job takes no what-if, and asking about one changes nothing', () => {
  expect(read({}, { job: ended }).problems).toEqual([]);
});

test('a what-if is dropped once it is true, or once its job is gone or has ended', () => {
  const all: WhatIf = {
    ...noChange,
    slots: 3,
    resume: [one.id, paused.id, 'gone'],
    priority: { [one.id]: 9, [two.id]: two.priority },
    pause: [one.id, paused.id, ended.id, 'gone'],
    retry_failed: [one.id, two.id, ended.id, 'gone'],
    parallel: { [one.id]: 4, [two.id]: 5, [ended.id]: 9, gone: 9 },
    deadline: { [one.id]: deadline, [two.id]: deadline, [paused.id]: null, [ended.id]: now },
  };
  expect(remainingWhatIf(all, [...jobs, ended])).toEqual({
    ...noChange,
    slots: 3,
    resume: [paused.id],
    priority: { [one.id]: 9 },
    pause: [one.id],
    retry_failed: [one.id],
    parallel: { [two.id]: 5 },
    deadline: { [two.id]: deadline },
  });
  const each: Partial<WhatIf>[] = [
    { slots: 0 },
    { pause: ['x'] },
    { resume: ['x'] },
    { priority: { x: 1 } },
    { limits: { 0: 1 } },
    { claiming: 'hold' },
    { executor: { slots: 1, assets: [] } },
    { retry_failed: ['x'] },
    { parallel: { x: 1 } },
    { deadline: { x: null } },
  ];
  expect(isNoChange(noChange)).toBe(true);
  for (const one of each) expect(isNoChange({ ...noChange, ...one })).toBe(false);
});
