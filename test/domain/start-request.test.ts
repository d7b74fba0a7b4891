import { describe, expect, test } from 'vitest';
import type { Granularity } from '../../source/domain/partition/period.ts';
import { readStart, type StartInput } from '../../source/domain/start/request.ts';

const read = (input: Partial<StartInput>, granularity: Granularity | null) => {
  const { request, problems } = readStart({ asset: 'orders', ...input }, granularity);
  if (problems.length > 0) return problems.map(({ message }) => message).join('; ');
  const keys = request!.keys;
  return 'list' in keys ? keys.list : [keys.range.first, keys.range.last, keys.range.count];
};
const file = (text: string) => ({ partitions_file: { name: 'keys.csv', text } });

describe('C5: what is run is what was named', () => {
  test.each([
    // The step is taken from the bounds where neither the asset nor the command line gives one.
    [null, ['2024-01-01T08', '2024-01-01T09'], ['2024-01-01T08', '2024-01-01T09', 2]],
    [null, ['2024-01', '2024-01'], ['2024-01-01', '2024-01-31', 31]],
    ['hour', ['2024-01-01T08', '2024-01-01T09'], ['2024-01-01T08', '2024-01-01T09', 2]],
    ['day', ['2024-01-01T08', '2024-01-01T09'], 'finer than the step of the range, a day'],
    ['month', ['2024-01-15', '2024-01-15'], 'finer than the step of the range, a month'],
    [null, ['2024-01-01T08', '2024-01-01T09', 'day'], 'finer than the step of the range, a day'],
  ] as const)('%s: %j', (granularity, [start, end, every], expected) => {
    const told = read({ start, end, every }, granularity);
    if (typeof expected === 'string') expect(told).toContain(expected);
    else expect(told).toEqual(expected);
  });

  test.each([
    ['\uFEFF2024-01-01\r\n2024-01-02\r\n', 'day', ['2024-01-01', '2024-01-02']],
    ['partition_key\n2024-01-01\n', 'day', '"partition_key" is not a day'],
    ['partition_key\n2024-01-01\n', null, '"partition_key", looks like a header'],
    ['partition_key,count\n2024-01-01,3\n', null, '"2024-01-01,3" contains a date and other text'],
    ['2024-01-01;eu\n', null, '"2024-01-01;eu" contains a date and other text'],
    ['"2024-01-01"\n"2024-01-02"\n', null, '"2024-01-02" is quoted'],
    ['key\n"eu"\n"us"\n', null, '"us" is quoted'],
    ['"eu","3"\n', null, 'is quoted'],
    ['2024-01-01/eu\nfile 2024-01-01.csv\n', null, ['2024-01-01/eu', 'file 2024-01-01.csv']],
    ['2024-01-01,3\n', 'day', '"2024-01-01,3" is not a day'],
    ['"2024-01-01"\n', 'day', '""2024-01-01"" is not a day'],
    ['2024-01-01T05\n', 'day', '"2024-01-01T05" is not a day'],
    ['2024-01-01\r2024-01-02', 'day', 'control character'],
    ['eu/a,b\nus/"c"\n', null, ['eu/a,b', 'us/"c"']],
  ] as const)('a file of keys: %j of %s', (text, granularity, expected) => {
    for (const input of [file(text), { partitions: text.trim().split(/\r?\n/) }]) {
      // A byte order mark, a header and cells are a file's own.
      if ('partitions' in input && /^\uFEFF|header|is quoted|contains a date/.test(text + expected))
        continue;
      const told = read(input, granularity);
      if (typeof expected === 'string') expect(told).toContain(expected);
      else expect(told).toEqual(expected);
    }
  });

  test('--any-key takes keys of any other shape, but no date of another width', () => {
    const any = (keys: string[]) => read({ partitions: keys, any_key: true }, 'day');
    expect(any(['2024-01-01/eu', 'x'])).toEqual(['2024-01-01/eu', 'x']);
    expect(any(['2024-01'])).toContain('is not a day');
  });
});
