import { expect, test } from 'vitest';
import type { FailedPartition } from '../../source/domain/job/detail.ts';
import { groupFailures, kindsOf } from '../../source/presentation/partition/failure-groups.ts';

const failed = (partition_key: string, error_message: string | null): FailedPartition => ({
  partition_key,
  attempt_count: 3,
  failure_count: 3,
  error_message,
  completed_at: null,
});

test('messages that differ in figures only are one group; what is common to all stays', () => {
  const groups = groupFailures(
    kindsOf([
      failed('2024-06-30', 'connection refused 10.0.0.1:5432'),
      failed('2024-03-12', 'source differs by 3.2 % (limit 3 %)'),
      failed('2024-05-02', 'source differs by 4.75 % (limit 3 %)'),
    ]),
  );
  expect(groups.map(({ message, partitions }) => [message, partitions.length])).toEqual([
    ['source differs by … % (limit 3 %)', 2],
    ['connection refused 10.0.0.1:5432', 1],
  ]);
});

test('a missing message is a group of its own', () => {
  expect(groupFailures(kindsOf([failed('a', null), failed('b', null)]))).toMatchObject([
    { message: '(no message)', partitions: [{ partition_key: 'a' }, { partition_key: 'b' }] },
  ]);
});

test('escape sequences are gone before anything is compared', () => {
  expect(
    groupFailures(kindsOf([failed('a', '\x1b[31mboom\x1b[0m'), failed('b', 'boom')])),
  ).toHaveLength(1);
});

test('a hundred messages of a megabyte are no trouble', () => {
  const many = Array.from({ length: 100 }, (_, index) => failed(`k${index}`, 'x1'.repeat(500_000)));
  expect(groupFailures(kindsOf(many))).toHaveLength(1);
});

test('a group has the likely cause by its message', () => {
  const groups = groupFailures(kindsOf([failed('a', 'connection refused 10.0.0.1:5432')]));
  expect(groups).toMatchObject([{ count: 1, cause: { name: 'upstream_unavailable' } }]);
});
