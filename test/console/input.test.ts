import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeInput, idleDecoder } from '../../source/console/model/input.ts';
import type { RawInput } from '../../source/console/terminal/keys.ts';

type Timed = RawInput & { after?: number };

/** Feeds pieces of input, a millisecond apart unless they say otherwise, and returns the output. */
function decode(pieces: Timed[]) {
  let decoder = idleDecoder;
  let at = 1000;
  return pieces.flatMap((piece) => {
    at += piece.after ?? 1;
    const [next, messages] = decodeInput(decoder, [piece], at);
    decoder = next;
    return messages.map((message) => {
      if (message.type === 'paste') return { paste: message.text };
      if (message.type === 'flood') return { flood: message.keys.map(({ key }) => key).join(' ') };
      return message.text ?? `<${message.key}>`;
    });
  });
}

describe('keys', () => {
  test('that arrive in one read are told apart', () => {
    expect(decode([{ characters: '/or\r' }])).toEqual(['/', 'o', 'r', '<enter>']);
    expect(decode([{ characters: 'jjjjjjjjjjjjjjjjjjjjjjjj' }])).toHaveLength(24);
    expect(decode([{ characters: 'ab\x7f\x12' }])).toEqual(['a', 'b', '<backspace>', '<ctrl-r>']);
  });

  test('that are more than one code unit stay whole', () => {
    expect(decode([{ characters: 'é' }, { characters: '👍🏽' }])).toEqual(['é', '👍🏽']);
  });
});

describe('pasted text never comes out as a key', () => {
  test('between its brackets, whatever is in it', () => {
    const inside = fc.oneof(
      fc.string({ unit: 'binary' }).map((characters) => ({ characters })),
      fc.constantFrom('up', 'enter', 'escape', 'tab').map((key) => ({ key })),
    );
    fc.assert(
      fc.property(fc.array(inside), (pieces) => {
        const out = decode([{ key: 'paste-start' }, ...pieces, { key: 'paste-end' }]);
        const text = pieces
          .map((piece) => ('characters' in piece ? piece.characters : ''))
          .join('');
        expect(out).toEqual(text === '' ? [] : [{ paste: text }]);
      }),
    );
  });

  test('without brackets, when it is more than a person types, it is recognised', () => {
    expect(decode([{ characters: 'a reason\tand an asset' }])).toEqual([
      { flood: 'a space r e a s o n tab a n d space a n space a s s e t' },
    ]);
  });

  test('and so is its tail in the next read', () => {
    const pieces = [{ characters: 'xy'.repeat(1000) }, { characters: 'yy' }];
    expect(decode(pieces).at(-1)).toEqual({ flood: 'y y' });
    expect(decode([...pieces, { characters: 'j', after: 200 }]).at(-1)).toBe('j');
  });
});

test('a key knows whether it was alone in its read', () => {
  const [, alone] = decodeInput(idleDecoder, [{ characters: 'y' }], 0);
  const [, together] = decodeInput(idleDecoder, [{ characters: '\ty' }], 0);
  expect(alone).toMatchObject([{ key: 'y', alone: true }]);
  expect(together).toMatchObject([
    { key: 'tab', alone: false },
    { key: 'y', alone: false },
  ]);
});

test('a key that comes in one read with another key is not alone, whatever sent the other', () => {
  const [, keys] = decodeInput(idleDecoder, [{ key: 'up' }, { characters: 'y' }], 0);
  expect(keys).toMatchObject([
    { key: 'up', alone: false },
    { key: 'y', alone: false },
  ]);
});
