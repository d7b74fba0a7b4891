import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOf, parseRange } from '../../source/domain/partition/key.ts';
import { type Granularity, granularities } from '../../source/domain/partition/period.ts';
import type { Asset } from '../../source/domain/start/asset.ts';
import {
  countKeys,
  listOf,
  unionOfKeys,
  upstreamKeys,
} from '../../source/domain/start/upstream-keys.ts';
import {
  keysNeeded,
  LineageCycle,
  planUpstreams,
} from '../../source/domain/start/upstream-plan.ts';

const asset = (name: string, granularity: Granularity | null = 'day'): Asset => ({
  id: name,
  name,
  granularity,
});
const needs = (downstream: string, ...upstreams: string[]) =>
  upstreams.map((name) => ({ downstream_id: downstream, upstream: asset(name) }));

function range(granularity: Granularity, start: string, end: string) {
  const parsed = parseRange(granularity, start, end);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return parsed;
}

describe('upstreamKeys', () => {
  const cases: [Granularity, Granularity, string, string[]][] = [
    [
      'day',
      'hour',
      '2024-02-29',
      Array.from({ length: 24 }, (_, hour) => `2024-02-29T${String(hour).padStart(2, '0')}`),
    ],
    ['day', 'month', '2024-02-29', ['2024-02']],
    ['day', 'week', '2024-02-29', ['2024-02-26']],
    ['week', 'month', '2024-02-26', ['2024-02', '2024-03']],
    [
      'week',
      'day',
      '2024-02-26',
      [
        '2024-02-26',
        '2024-02-27',
        '2024-02-28',
        '2024-02-29',
        '2024-03-01',
        '2024-03-02',
        '2024-03-03',
      ],
    ],
    [
      'month',
      'week',
      '2024-02',
      ['2024-01-29', '2024-02-05', '2024-02-12', '2024-02-19', '2024-02-26'],
    ],
    ['hour', 'day', '2024-02-29T23', ['2024-02-29']],
  ];
  for (const [from, to, key, expected] of cases) {
    it(`a ${from} needs its ${to}s: ${key}`, () => {
      expect(listOf(upstreamKeys({ list: [key] }, from, to))).toEqual(expected);
      expect(listOf(upstreamKeys(range(from, key, key), from, to))).toEqual(expected);
    });
  }

  it('leaves keys as they are that are not of time, or of the same granularity', () => {
    expect(upstreamKeys({ list: ['eu', 'us'] }, null, 'day')).toEqual({ list: ['eu', 'us'] });
    expect(upstreamKeys({ list: ['eu', 'us'] }, 'day', 'hour')).toEqual({ list: ['eu', 'us'] });
    expect(upstreamKeys({ list: ['2024-01-01'] }, 'day', 'day')).toEqual({ list: ['2024-01-01'] });
  });

  it('of a range are those of its keys, one by one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...granularities),
        fc.constantFrom(...granularities),
        fc.date({ min: new Date('1999-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 40 }),
        (from, to, start, days) => {
          const end = new Date(start.getTime() + days * 86_400_000);
          const keys = range(from, keyOf(from, start), keyOf(from, end));
          const one = upstreamKeys({ list: listOf(keys) }, from, to);
          expect(listOf(upstreamKeys(keys, from, to))).toEqual(listOf(one));
          expect(countKeys(upstreamKeys(keys, from, to))).toBe(listOf(one).length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

it('unionOfKeys has the keys of both, once, in order', () => {
  const day = (offset: number) => keyOf('day', new Date(Date.UTC(2024, 0, 1 + offset)));
  fc.assert(
    fc.property(fc.nat(30), fc.nat(30), fc.nat(30), fc.nat(30), (a, b, c, d) => {
      const one = range('day', day(Math.min(a, b)), day(Math.max(a, b)));
      const other = range('day', day(Math.min(c, d)), day(Math.max(c, d)));
      expect(listOf(unionOfKeys(one, other))).toEqual(
        [...new Set([...listOf(one), ...listOf(other)])].sort(),
      );
    }),
  );
});

describe('planUpstreams', () => {
  it('has the furthest upstream first, and the root last', () => {
    const plan = planUpstreams(asset('report'), [
      ...needs('report', 'orders'),
      ...needs('orders', 'raw'),
    ]);
    expect(plan.map((node) => [node.asset.name, node.execution_order])).toEqual([
      ['raw', 0],
      ['orders', 1],
      ['report', 2],
    ]);
  });

  it('a diamond is one node, after which both its sides come', () => {
    const plan = planUpstreams(asset('a'), [
      ...needs('a', 'b', 'c'),
      ...needs('b', 'd'),
      ...needs('c', 'd'),
    ]);
    expect(plan.map((node) => node.asset.name)).toEqual(['d', 'b', 'c', 'a']);
    expect(plan[0]).toMatchObject({ needed_by: ['b', 'c'], execution_order: 0 });
  });

  it('tells a cycle by its path', () => {
    const circle = [...needs('a', 'b'), ...needs('b', 'c'), ...needs('c', 'b')];
    expect(() => planUpstreams(asset('a'), circle)).toThrow(new LineageCycle(['b', 'c', 'b']));
  });

  it('an upstream that two need is needed for the keys of both', () => {
    const keys = keysNeeded(asset('hours', 'hour'), [
      { asset: asset('days'), keys: { list: ['2024-01-01'] } },
      { asset: asset('own', 'hour'), keys: { list: ['2024-01-02T03'] } },
    ]);
    expect(listOf(keys!)).toHaveLength(25);
  });
});
