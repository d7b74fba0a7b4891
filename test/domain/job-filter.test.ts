import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alternativesOf,
  alternativeText,
  jobMatches,
  parseFilter,
} from '../../source/domain/job/filter.ts';
import { aJob, secondsAgo } from '../support/jobs.ts';

const jobs = [
  aJob({ number: 0xabc1, asset_name: 'orders_daily', priority: 8 }),
  aJob({ number: 2, asset_name: 'orders_hourly', state: 'paused', priority: 3 }),
  aJob({ number: 3, asset_name: 'weather', state: 'failed', created_by: 'joe' }),
  aJob({ number: 4, asset_name: 'weather_test', state: 'waiting_upstream', priority: -2 }),
  aJob({ number: 5, asset_name: 'clicks', sla_deadline_at: secondsAgo(60) }),
  aJob({
    number: 6,
    asset_name: 'revenue',
    state: 'pending',
    sla_deadline_at: secondsAgo(-86_400),
  }),
];

const deadlineOf = (named: string) => jobs.find(({ id }) => id.startsWith(named))?.sla_deadline_at;

const matching = (text: string) => {
  const filter = parseFilter(text);
  return jobs.filter((job) => jobMatches(filter, job, deadlineOf)).map((job) => job.asset_name);
};

test('C5: names with spaces, commas and colons are told in quotes', () => {
  const names = ['orders, daily', 'orders', 'daily', 'a:b', 'say "hi"'];
  const found = (text: string) => {
    const filter = parseFilter(text);
    expect(filter.problems).toEqual([]);
    return names.filter((asset_name, number) =>
      jobMatches(filter, aJob({ number, asset_name }), () => null),
    );
  };
  expect(found('asset:"orders, daily"')).toEqual(['orders, daily']);
  expect(found('asset:"orders, "*,a:b')).toEqual(['orders, daily', 'a:b']);
  expect(found('"orders, d')).toEqual(['orders, daily']);
  expect(found('"a:b"')).toEqual(['a:b']);
  expect(found('!" " asset:*')).toEqual(['orders', 'daily', 'a:b']);
  expect(found('asset:"say \\"hi\\""')).toEqual(['say "hi"']);
});

test('C5: any name, written as it is told to be, is read as that one name', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
      (names) => {
        expect(alternativesOf(names.map(alternativeText).join(','))).toEqual(names);
      },
    ),
  );
  expect(['orders', 'a b', 'orders, daily', 'say "hi"'].map(alternativeText)).toEqual([
    'orders',
    '"a b"',
    '"orders, daily"',
    '"say \\"hi\\""',
  ]);
});

const all = jobs.map((job) => job.asset_name);

describe('FILTER', () => {
  test.each([
    ['', all],
    ['   ', all],
    ['orders', ['orders_daily', 'orders_hourly']],
    ['ORDERS', ['orders_daily', 'orders_hourly']],
    ['orders hourly', ['orders_hourly']],
    ['!test weather', ['weather']],
    ['0000abc1', ['orders_daily']],
    ['state:paused', ['orders_hourly']],
    ['state:waiting', ['weather_test']],
    ['state:active', ['orders_daily', 'orders_hourly', 'weather_test', 'clicks', 'revenue']],
    ['state:ended', ['weather']],
    ['!state:active', ['weather']],
    ['asset:orders*', ['orders_daily', 'orders_hourly']],
    ['asset:*ly', ['orders_daily', 'orders_hourly']],
    ['asset:weather*', ['weather', 'weather_test']],
    ['asset:eath', ['weather', 'weather_test']],
    ['asset:(*', []],
    ['priority:>=8', ['orders_daily']],
    ['priority:<0', ['weather_test']],
    ['priority:3', ['orders_hourly']],
    ['risk:breached', ['clicks']],
    ['risk:at-risk', ['clicks']],
    ['sla:none', ['orders_daily', 'orders_hourly', 'weather', 'weather_test']],
    ['sla:later-than:00000005', ['revenue']],
    ['sla:later-than:00000006', []],
    ['sla:later-than:0000abc1', []],
    ['sla:none,later-than:00000005 state:pending', ['revenue']],
    ['problems', ['weather', 'clicks']],
    ['!problems state:active', ['orders_daily', 'orders_hourly', 'weather_test', 'revenue']],
    ['state:failed,paused', ['orders_hourly', 'weather']],
    ['!state:failed,running', ['orders_hourly', 'weather_test', 'revenue']],
    ['asset:*o*s*d*y', ['orders_daily']],
    ['asset:a*a', []],
    ['by:joe', ['weather']],
    ['id:0000abc1', ['orders_daily']],
    ['state:', all],
    ['!state:', all],
  ])('%s', (text, names) => expect(matching(text)).toEqual(names));

  test.each([
    ['stat:paused', 'unknown filter "stat:" (did you mean state:?)'],
    ['priority:high', 'priority:high: expected a comparison, e.g. priority:>=8'],
    ['risk:purple', 'invalid risk:purple: expected'],
    ['sla:soon', 'invalid sla:soon: expected'],
    ['sla:later-than:xyz', 'invalid sla:later-than:xyz: expected'],
    // Names that every object has: these matched every job, or threw.
    ['constructor:x', 'unknown filter "constructor:"'],
    ['__proto__:x', 'unknown filter "__proto__:"'],
  ])('%s is a mistake that leaves every job in', (text, problem) => {
    expect(parseFilter(text).problems[0]).toContain(problem);
    expect(matching(text)).toEqual(all);
  });

  test('an unknown state of a newer program can be looked for', () => {
    const filter = parseFilter('state:quarantined');
    expect(jobMatches(filter, aJob({ state: 'quarantined' }), deadlineOf)).toBe(true);
    expect(jobMatches(filter, aJob(), deadlineOf)).toBe(false);
  });
});
