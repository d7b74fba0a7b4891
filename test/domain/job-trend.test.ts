import { expect, test } from 'vitest';
import { trendOf } from '../../source/domain/forecast/trend.ts';
import { inTreeOrder } from '../../source/domain/job/tree.ts';

const sample = (minute: number, completed: number, avg_partition_duration_ms: number | null) => ({
  at: new Date(minute * 60_000),
  completed,
  avg_partition_duration_ms,
});

test('a figure for each sample but the first', () => {
  const samples = [sample(0, 10, null), sample(1, 30, 900), sample(3, 40, 1200)];
  expect(trendOf(samples)).toEqual({ per_minute: [20, 5], average_ms: [900, 1200] });
  expect(trendOf(samples.slice(0, 1))).toEqual({ per_minute: [], average_ms: [] });
});

test('a break is one, and figures that were set back are not a rate below zero', () => {
  const samples = [sample(0, 10, 900), sample(30, 70, 900), sample(31, 60, 900)];
  expect(trendOf(samples).per_minute).toEqual([null, 2, 0]);
});

test('related jobs stand below what they are related to', () => {
  const row = (id: string, to: string, depth: number) => ({ id, to, depth });
  const rows = [row('a', 'root', 1), row('b', 'root', 1), row('c', 'a', 2), row('c', 'b', 2)];
  expect(inTreeOrder([...rows, row('d', 'c', 3)], 'root').map(({ id }) => id)).toEqual([
    'a',
    'c',
    'd',
    'b',
    'c',
    'd',
  ]);
});
