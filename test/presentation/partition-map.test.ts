import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PartitionBucket } from '../../source/domain/job/detail.ts';
import { partitionMap } from '../../source/presentation/partition/map.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import { buckets, dailyKeys } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const drawn = (map: ReturnType<typeof partitionMap>) =>
  map.lines.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
const legend = (map: ReturnType<typeof partitionMap>) =>
  map.legend.map(({ text }) => text).join('');

describe('daily keys', () => {
  test('are a calendar: a row per month, a cell per day', () => {
    const map = partitionMap(
      buckets(dailyKeys('2024-01-30', 33), (_, index) => (index < 4 ? 'completed' : 'pending')),
      { width: 79, height: 3 },
    );
    expect(drawn(map)).toEqual([
      `        1   5    10   15   20   25   30 ${' '.repeat(8)}1   5    10   15   20   25   30`,
      `2024-01 ${' '.repeat(29)}██ 2024-03 ··`,
      `2024-02 ██${'·'.repeat(27)}`,
    ]);
    expect(legend(map)).toBe('█ done  · pending  1 cell = 1 day');
  });

  test('are a wall calendar where it fits: months across, weekdays down', () => {
    const map = partitionMap(
      buckets(dailyKeys('2024-01-30', 33), (_, index) => (index < 4 ? 'completed' : 'pending')),
      { width: 79, height: 8 },
    );
    expect(drawn(map)).toEqual([
      '2024 Jan Feb   Mar',
      ' Mo       ····',
      ' Tu  █    ····',
      ' We  █    ····',
      ' Th      █····',
      ' Fr      █···  ·',
      ' Sa      ····  ·',
      ' Su      ····',
    ]);
  });

  test('of a year are one on 80 columns, and its days are under their weekdays', () => {
    const map = partitionMap(
      buckets(dailyKeys('2024-01-01', 366), (key) =>
        key === '2024-12-25' ? 'failed' : 'completed',
      ),
      { width: 79, height: 8 },
    );
    expect(drawn(map)[0]).toMatch(
      /^2024 Jan +Feb +Mar +Apr +May +Jun +Jul +Aug +Sep +Oct +Nov +Dec$/,
    );
    // Christmas of 2024 was a Wednesday.
    expect(drawn(map).find((line) => line.includes('✗'))).toMatch(/^ We /);
  });

  test('of four years on a small screen are weeks', () => {
    const map = partitionMap(
      buckets(dailyKeys('2000-01-01', 1461), (key) =>
        key === '2001-02-03' ? 'failed' : 'completed',
      ),
      { width: 78, height: 6 },
    );
    expect(drawn(map).map((line) => line.slice(0, 4))).toEqual(
      ['', '2000', '2001', '2002', '2003'].map((l) => l.padEnd(0) || '    '),
    );
    expect(drawn(map)[2]).toBe(`2001 ████✗${'█'.repeat(48)}`);
    expect(legend(map)).toContain('1 cell = 1 week');
  });

  test('of twenty years, six to a bucket, are months', () => {
    const keys = dailyKeys('1994-01-01', 7670);
    const map = partitionMap(inBuckets(keys, 6), { width: 78, height: 7 });
    expect(drawn(map)[1]).toMatch(/^1994 █{12} {2}2000 █{12} {2}2006 █{12} {2}2012 █{12}$/);
    expect(legend(map)).toContain('1 cell = 1 month');
  });

  test('a week apart are not shown a day to the cell', () => {
    const keys = dailyKeys('2024-01-01', 365).filter((_, index) => index % 7 === 0);
    expect(
      legend(
        partitionMap(
          buckets(keys, () => 'completed'),
          { width: 78, height: 8 },
        ),
      ),
    ).toContain('1 week');
  });
});

test('hourly keys are a row per day', () => {
  const keys = dailyKeys('2024-01-30', 2).flatMap((day) =>
    Array.from({ length: 24 }, (_, hour) => `${day}T${String(hour).padStart(2, '0')}`),
  );
  const map = partitionMap(
    buckets(keys, () => 'completed'),
    { width: 40, height: 4 },
  );
  expect(drawn(map)).toEqual([
    '           0     6     12    18',
    `2024-01-30 ${'█'.repeat(24)}`,
    `2024-01-31 ${'█'.repeat(24)}`,
  ]);
});

test('monthly keys are a row per year', () => {
  const map = partitionMap(
    buckets(['2023-11', '2023-12', '2024-01'], () => 'pending'),
    {
      width: 30,
      height: 4,
    },
  );
  expect(drawn(map)).toEqual(['     JFMAMJJASOND', '2023           ··', '2024 ·']);
});

describe('other keys', () => {
  test('are blocks, each row beginning with its first key', () => {
    const keys = Array.from(
      { length: 24 },
      (_, index) => `shard-${String(index).padStart(2, '0')}`,
    );
    const map = partitionMap(
      buckets(
        keys,
        (_, index) => (['completed', 'running', 'failed', 'skipped'] as const)[index % 4]!,
      ),
      { width: 24, height: 4 },
    );
    expect(drawn(map)).toEqual(['shard-00 █▓✗░█▓✗░█▓✗░█▓✗', 'shard-15 ░█▓✗░█▓✗░']);
    expect(legend(map)).toBe('✗ failed  ▓ running  █ done  ░ skipped  1 cell = 1 partition');
  });

  test('too many for the screen share cells, as high as the share that is done', () => {
    const keys = Array.from({ length: 80 }, (_, index) => `k${index + 100}`);
    const map = partitionMap(
      buckets(keys, (_, index) => (index % 4 < 2 ? 'completed' : 'pending')),
      {
        width: 15,
        height: 2,
      },
    );
    expect(drawn(map)).toEqual(['k100 ▄▄▄▄▄▄▄▄▄▄', 'k140 ▄▄▄▄▄▄▄▄▄▄']);
    expect(legend(map)).toContain('1 cell = 4 partitions');
  });

  test('with control characters are drawn harmless', () => {
    const map = partitionMap(
      buckets(['\x1b[2Jevil', 'ok'], () => 'pending'),
      { width: 20, height: 2 },
    );
    expect(drawn(map)[0]).not.toContain('\x1b');
  });
});

test('a map of keys of each shape, at each size, as it is seen', async () => {
  const hours = (first: string, count: number) =>
    Array.from({ length: count }, (_, hour) =>
      new Date(Date.parse(`${first}Z`) + hour * 3_600_000).toISOString().slice(0, 13),
    );
  const months = (first: number, count: number) =>
    Array.from({ length: count }, (_, month) =>
      new Date(Date.UTC(first, month, 1)).toISOString().slice(0, 7),
    );
  const days = dailyKeys;
  const shapes: [string, string[], per?: number][] = [
    ['three hours', hours('2024-01-30T22:00', 3)],
    ['two days of hours', hours('2024-01-30T00:00', 48)],
    ['40 days of hours', hours('2024-01-30T00:00', 960)],
    ['each sixth hour', hours('2024-01-30T00:00', 480).filter((_, at) => at % 6 === 0)],
    ['one day', days('2024-02-29', 1)],
    ['a week from Monday', days('2024-04-29', 7)],
    ['a week from Sunday', days('2024-03-31', 7)],
    ['days over the end of a year', days('2023-12-20', 30)],
    ['a year', days('2024-01-01', 366)],
    ['three years', days('2021-11-15', 1096)],
    ['three years, ten to a bucket', days('2021-11-15', 1096), 10],
    ['each Monday', days('2024-01-01', 366).filter((_, at) => at % 7 === 0)],
    ['a day in a wrong century', ['0204-01-01', ...days('2024-01-01', 3)]],
    ['days before 1970', days('1969-12-20', 20)],
    ['a day that does not exist', ['2024-02-41', '2024-02-42']],
    ['months', months(2023, 30)],
    ['decades of months', months(1950, 900)],
    ['days and hours', ['2024-01-30', '2024-01-30T01']],
    ['shards', Array.from({ length: 50 }, (_, at) => `shard-${at}`)],
    ['long names', Array.from({ length: 7 }, (_, at) => `warehouse.sales.orders.eu-${at}.表`)],
    ['one shard', ['a']],
  ];
  const sizes = [
    [7, 9],
    [8, 1],
    [24, 3],
    [40, 8],
    [79, 7],
    [79, 16],
    [150, 9],
    [220, 4],
  ] as const;
  const states = ['completed', 'completed', 'running', 'failed', 'skipped', 'pending'] as const;
  const told = shapes.flatMap(([name, keys, per = 1]) => {
    const all = inBuckets(keys, per).map((bucket, at) => {
      const state = states[Math.floor((at * states.length) / Math.ceil(keys.length / per))]!;
      const open = state === 'pending' && at % 2 === 1 ? { retry: bucket.completed } : {};
      return { ...bucket, completed: 0, [state]: bucket.completed, ...open };
    });
    const pictures = sizes.map(([width, height]) => {
      const map = partitionMap(all, { width, height });
      const tones = map.lines.map((line) => line.map(({ tone }) => tone[0]).join(''));
      return [legend(map), ...map.lines.map((_, at) => `│${drawn(map)[at]}│ ${tones[at]}`)];
    });
    // A size at which it looks as at the one before is left out.
    return pictures.flatMap((picture, at) =>
      picture.join() === pictures[at - 1]?.join()
        ? []
        : [`${name}, ${sizes[at]!.join(' × ')}: ${picture[0]}`, ...picture.slice(1)],
    );
  });
  await expectTexts('maps', told);
});

test('any map fits the place it is given', () => {
  const keys = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 800 })).map(([count]) => dailyKeys('2019-11-20', count)),
    fc
      .integer({ min: 1, max: 800 })
      .map((count) => Array.from({ length: count }, (_, i) => `表-${i}`)),
  );
  fc.assert(
    fc.property(
      keys,
      fc.nat(220),
      fc.nat(14),
      fc.integer({ min: 1, max: 9 }),
      (keys, width, height, per) => {
        const map = partitionMap(inBuckets(keys, per), { width, height });
        expect(map.lines.length).toBeLessThanOrEqual(height);
        for (const line of map.lines) {
          expect(widthOf(line.map(({ text }) => text).join(''))).toBeLessThanOrEqual(width);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('every day of a calendar stands in it once, whatever the width', () => {
  const states = ['completed', 'pending', 'failed', 'running', 'skipped'] as const;
  fc.assert(
    fc.property(
      fc.integer({ min: -30_000, max: 40_000 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 12, max: 220 }),
      fc.integer({ min: 8, max: 60 }),
      (first, offsets, width, height) => {
        const keys = offsets
          .toSorted((a, b) => a - b)
          .map((offset) => new Date((first + offset) * 86_400_000).toISOString().slice(0, 10));
        const map = partitionMap(
          buckets(keys, (_, index) => states[index % states.length]!),
          { width, height },
        );
        if (!legend(map).includes('1 cell = 1 day')) return;
        const cells = map.lines
          .flatMap((line) =>
            line.filter(({ tone, text }) => tone !== 'dim' || /^[·░]+$/.test(text)),
          )
          .map(({ text }) => text)
          .join('')
          .replace(/ /g, '');
        const count = (glyph: string) => cells.split(glyph).length - 1;
        const expected = (index: number) =>
          keys.filter((_, at) => at % states.length === index).length;
        expect([...'█·✗▓░'].map(count)).toEqual([0, 1, 2, 3, 4].map(expected));
      },
    ),
    { numRuns: 300 },
  );
});

test('no failed partition is hidden by its neighbours', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(599), (count, failed) => {
      const keys = dailyKeys('2021-03-03', count);
      const map = partitionMap(
        buckets(keys, (_, index) => (index === failed % count ? 'failed' : 'completed')),
        { width: 60, height: 6 },
      );
      expect(drawn(map).join('').split('✗')).toHaveLength(2);
    }),
    { numRuns: 100 },
  );
});

function inBuckets(keys: readonly string[], per: number): PartitionBucket[] {
  return Array.from({ length: Math.ceil(keys.length / per) }, (_, index) => {
    const run = keys.slice(index * per, (index + 1) * per);
    return {
      first_key: run[0]!,
      last_key: run.at(-1)!,
      pending: 0,
      running: 0,
      completed: run.length,
      failed: 0,
      skipped: 0,
    };
  });
}
