import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
// @ts-expect-error: a script without types
import { LazySegmenter } from '../../scripts/lazy-segmenter.js';

// What the bundle has in place of code of Node and of its dependencies (scripts/bundle.js).

const Lazy = LazySegmenter as typeof Intl.Segmenter;

const texts = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        'a',
        ' ',
        '~',
        '\x1b[1m',
        '\ue000',
        '\uf8ff',
        '\r\n',
        '\x7f',
        '\u0301',
        '👩‍👧',
        '🇩🇪',
        '\u200d',
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join('')),
);

/** All that a segmenter says of a text, or the error that it throws. */
function said(
  Segmenter: typeof Intl.Segmenter,
  args: readonly unknown[],
  text: unknown,
  at: unknown[],
) {
  try {
    const segmenter = new Segmenter(...(args as unknown as []));
    const segments = segmenter.segment(text as string);
    return {
      segments: [...segments],
      again: [...segments],
      containing: at.map((index) => segments.containing(index as number)),
      options: segmenter.resolvedOptions(),
    };
  } catch (error) {
    return { error: (error as Error).name };
  }
}

test('D: LazySegmenter says of any text what Intl.Segmenter says', () => {
  const args = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom([], [undefined, { granularity: 'grapheme' }]) },
    fc.constantFrom(
      ['en'],
      [['de', 'ja'], { granularity: 'word' }],
      [undefined, { granularity: 'sentence' }],
      [undefined, { granularity: undefined }],
      [undefined, { localeMatcher: 'lookup' }],
      [undefined, { granularity: 'letters' }],
      [undefined, { localeMatcher: 'none' }],
      [undefined, undefined],
      [undefined, null],
      [null],
      ['no locale'],
      [7],
    ),
  );
  const input = fc.oneof({ weight: 9, arbitrary: texts }, fc.constantFrom(undefined, null, 12, {}));
  const at = fc.array(
    fc.oneof(
      fc.integer({ min: -2, max: 40 }),
      fc.constantFrom(undefined, null, Number.NaN, 0.9, -0.5, '2', 1e300, Infinity, -Infinity),
    ),
  );
  fc.assert(
    fc.property(args, input, at, (args, text, at) => {
      expect(said(Lazy, args, text, at)).toEqual(said(Intl.Segmenter, args, text, at));
    }),
    { numRuns: 3000 },
  );
});

test("D: the bundle's stream of pg opens the sockets that pg's own opens in Node", () => {
  const require = createRequire(import.meta.url);
  const ours = require('../../scripts/node-stream.cjs');
  const original = require('pg/lib/stream.js');
  expect(Object.keys(ours).sort()).toEqual(Object.keys(original).sort());
  const connect = vi
    .spyOn(tls, 'connect')
    .mockImplementation(((options: object) => ({ options })) as never);
  try {
    for (const options of [undefined, {}, { socket: new Socket(), servername: 'db.example' }]) {
      const sockets = [ours.getStream(options), original.getStream(options)];
      expect(sockets.map((socket) => socket.constructor)).toEqual([Socket, Socket]);
      const secured = [ours.getSecureStream(options), original.getSecureStream(options)];
      expect(secured[0]).toEqual(secured[1]);
      expect(secured[0].options).toBe(options);
    }
    expect(connect.mock.calls.length).toBe(6);
  } finally {
    connect.mockRestore();
  }
});
