import { expect, test } from 'vitest';
import { poll } from '../../source/app/poll.ts';
import { ServoError } from '../../source/errors.ts';

const away = new ServoError('database_unreachable', 'connection refused');

/** What is read of these in turn, errors being thrown; the last one again and again. */
function readings(...turns: ({ ended: boolean } | Error)[]) {
  let at = 0;
  return async () => {
    const turn = turns[Math.min(at++, turns.length - 1)]!;
    if (turn instanceof Error) throw turn;
    return turn;
  };
}

async function all<T>(found: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of found) list.push(one);
  return list;
}

const on = { ended: false };
const end = { ended: true };

test('waits for a database that becomes unreachable', async () => {
  expect(await all(poll(readings(on, away, away, on, away, end), 1, 60_000))).toEqual([
    on,
    on,
    end,
  ]);
});

test('ends when it stays unreachable longer than the limit', async () => {
  await expect(all(poll(readings(on, away), 1, 30))).rejects.toBe(away);
});

test('the limit starts again with each reply', async () => {
  const turns = Array.from({ length: 20 }, () => [away, away, on]).flat();
  expect(await all(poll(readings(...turns, end), 5, 60))).toHaveLength(21);
});

test('any other failure ends it at once', async () => {
  const refused = new ServoError('not_found', 'there is no such job');
  await expect(all(poll(readings(on, refused, end), 1, 60_000))).rejects.toBe(refused);
});
