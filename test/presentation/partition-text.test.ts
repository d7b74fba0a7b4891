import { describe, expect, test } from 'vitest';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { Partition } from '../../source/domain/partition/partition.ts';
import { kindOf, noCounts, partitionCell } from '../../source/presentation/partition/cell.ts';
import { logText, partitionText } from '../../source/presentation/partition/text.ts';
import { aPartition, secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const id = '0000abcd-0000-4000-8000-000000000000';

describe('a partition in full', () => {
  const event = {
    id: 1,
    job_id: id,
    partition_key: 'a',
    kind: 'retry',
    from_state: null,
    to_state: null,
    actor: 'mara',
    login: 'mara',
    reason: null,
    at: secondsAgo(5),
  } as JobEvent;
  test('its row, its message, its attempts and their output', () => {
    const text = partitionText(
      aPartition('a', { events: [event, { ...event, reason: 'why' }] }),
      'utc',
    );
    expect(text.split('\n')).toEqual([
      'state     failed',
      'attempts  3 (3 failed)',
      expect.stringMatching(/^started {3}.*11:58:58/),
      expect.stringMatching(/^ended {5}.*11:59:00.* after 1\.4 s$/),
      'executor  web-1:812:ab',
      '',
      '  connection refused 10.1.2.3:5432',
      expect.stringMatching(/^likely: .* — /),
      '',
      'Attempts',
      expect.stringMatching(/^ {2}.*11:59:55 {2}retry {2}mara$/),
      expect.stringMatching(/^ {2}.*11:59:55 {2}retry {2}mara {2}why$/),
      '',
      expect.stringMatching(/3/),
      expect.stringMatching(/connecting/),
      expect.stringMatching(/refused/),
    ]);
  });

  test('what there is not', () => {
    const pending: Partial<Partition> = {
      state: 'pending',
      error_message: null,
      crash_count: 2,
      lease_owner: null,
      duration_ms: null,
      completed_at: null,
      available_at: secondsAgo(-60),
    };
    const text = partitionText(aPartition('a', { partition: pending, logs: [] }), 'utc');
    expect(text).toMatch(/3 failed, 2 lost\)/);
    expect(text).toMatch(/^ended {5}–$/m);
    expect(text).toMatch(/^retry at {2}.*12:01:00/m);
    expect(text).toMatch(/^executor {2}–$/m);
    expect(text).toMatch(/^\(no message\)$/m);
    expect(text).not.toMatch(/likely/);
    expect(text.split('\n').at(-1)).toMatch(/no output/);
    expect(logText(aPartition('a', { logs: [] }), 'utc')).toMatch(/^no output/);
    expect(logText(aPartition('a', { logs: [], partition: { state: 'running' } }), 'utc')).toMatch(
      /^no output yet: it is stored when the attempt ends/,
    );
    expect(logText(aPartition('a'), 'utc')).toMatch(/connecting\n.*refused/);
  });

  test('partitions of each state in full, with all that their attempts left', async () => {
    const long = 'x'.repeat(70_000);
    const log = aPartition('a').logs[0]!;
    const cases: [string, Parameters<typeof aPartition>[1]][] = [
      ['failed', { events: [event, { ...event, reason: 'why\u0007' }] }],
      ['pending', { partition: { state: 'pending', error_message: null, available_at: null } }],
      [
        'running',
        { partition: { state: 'running', completed_at: null, duration_ms: null }, logs: [] },
      ],
      ['crashed', { partition: { crash_count: 2, lease_owner: null, started_at: null } }],
      ['with two messages', { partition: { error_message: 'one\n\ntwo\u0007' } }],
      ['with an odd message', { partition: { error_message: 'odd' }, logs: [log, log] }],
      [
        'without output',
        {
          logs: [
            { ...log, output: '' },
            { ...log, output: '\n\n' },
          ],
        },
      ],
      [
        'with much output',
        {
          logs: [
            { ...log, output: long },
            { ...log, output: 'x'.repeat(65_536) },
            { ...log, output: 'a\n\nb\n' },
          ],
        },
      ],
      [
        'with long names',
        {
          partition: { state: long as never, lease_owner: long, error_message: null },
          events: [{ ...event, kind: long, reason: long }],
        },
      ],
    ];
    const short = (text: string) =>
      text
        .replace(/x{40,}/g, (run) => `x×${run.length}`)
        .split('\n')
        .map((line) => `  ${line}`);
    const told = cases.flatMap(([name, changes]) => {
      const detail = aPartition('a', changes);
      return [
        name,
        ...short(partitionText(detail, 'utc')),
        '  --',
        ...short(logText(detail, 'utc')),
      ];
    });
    await expectTexts('partitions', told);
  });

  test('its cell: the most pressing of what is in it', () => {
    const kinds: [Partial<typeof noCounts & { retry: number }>, string | null, string][] = [
      [{}, null, ' '],
      [{ failed: 1, running: 1, completed: 9 }, 'failed', '✗'],
      [{ running: 1, pending: 1, retry: 1 }, 'running', '▓'],
      [{ pending: 2, retry: 2, completed: 1 }, 'retry', '~'],
      [{ pending: 2, retry: 1, completed: 1 }, 'partly', '▃'],
      [{ completed: 1, skipped: 1 }, 'done', '█'],
      [{ completed: 1, pending: 99 }, 'partly', '▁'],
      [{ completed: 1, pending: 1 }, 'partly', '▄'],
      [{ completed: 99, pending: 1 }, 'partly', '▇'],
      [{ skipped: 1, pending: 1 }, 'skipped', '░'],
      [{ pending: 1 }, 'pending', '·'],
    ];
    for (const [counts, kind, glyph] of kinds) {
      expect(kindOf({ ...noCounts, ...counts })).toBe(kind);
      expect(partitionCell({ ...noCounts, ...counts }).text).toBe(glyph);
    }
  });
});
