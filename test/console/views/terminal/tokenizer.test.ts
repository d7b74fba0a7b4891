import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeInput, idleDecoder } from '../../../../source/console/model/input.ts';
import { decodeTokens } from '../../../../source/console/terminal/keys.ts';
import {
  dueAt,
  elapsed,
  idleTokenizer,
  tokenize,
} from '../../../../source/console/terminal/tokenizer.ts';
import { aReport, eightBit, knownKeys, reports } from '../../../support/terminal-input.ts';

type Read = Uint8Array | string;

/** The result of a terminal's reads, each some time after the one before; at the end silence. */
function keysOf(reads: readonly Read[], pauseMs = 0): string[] {
  let tokenizer = idleTokenizer;
  let decoder = idleDecoder;
  let at = 1000;
  const out: string[] = [];
  const take = (tokens: Parameters<typeof decodeTokens>[0]) => {
    const { inputs, light } = decodeTokens(tokens);
    if (light !== null) out.push(`{light ${light}}`);
    const [next, messages] = decodeInput(decoder, inputs, at);
    decoder = next;
    for (const message of messages) {
      if (message.type === 'paste') out.push(`{paste ${message.text}}`);
      else if (message.type === 'key') out.push(message.text ?? `<${message.key}>`);
      else out.push(...message.keys.map(({ key, text }) => text ?? `<${key}>`));
    }
  };
  const wait = (until: number) => {
    for (let due = dueAt(tokenizer); due !== null && due <= until; due = dueAt(tokenizer)) {
      at = due;
      const [next, tokens] = elapsed(tokenizer, at);
      tokenizer = next;
      take(tokens);
    }
    at = until;
  };
  for (const read of reads) {
    const [next, tokens] = tokenize(tokenizer, Buffer.from(read), at);
    tokenizer = next;
    take(tokens);
    wait(at + pauseMs);
  }
  wait(at + 10_000);
  return out;
}

const bytewise = (bytes: Read) => Array.from(Buffer.from(bytes), (byte) => Uint8Array.of(byte));
const cutAt = (bytes: Read, at: number) => [
  Buffer.from(bytes).subarray(0, at),
  Buffer.from(bytes).subarray(at),
];

/** Pauses of a stalled line: within the wait for a sequence's rest, and beyond it. */
const short = 60;
const stalls = [80, 300, 900];

describe('B1: only whole, known sequences are keys', () => {
  test.each(knownKeys)('%j is %s, also byte by byte', (bytes, key) => {
    expect(keysOf([bytes])).toEqual([`<${key}>`]);
    expect(keysOf(bytewise(bytes), short)).toEqual([`<${key}>`]);
  });

  test('text of every alphabet, also byte by byte', () => {
    for (const text of ['j', 'X', 'ж', '表', 'é', '🙂']) {
      expect(keysOf([text])).toEqual([text]);
      expect(keysOf(bytewise(text), 5000)).toEqual([text]);
    }
  });

  test.each(reports)('%j is none, wherever it is cut', (report) => {
    expect(keysOf([report, 'j'])).toEqual(['j']);
    expect(keysOf([`k${report}j`])).toEqual(['k', 'j']);
    expect(keysOf([...bytewise(report), 'j'], short)).toEqual(['j']);
    for (let at = 1; at < Buffer.byteLength(report); at += 1) {
      expect(keysOf([...cutAt(report, at), 'j'], short)).toEqual(['j']);
      for (const stall of stalls) {
        // A lone ESC that nothing follows is the Esc key; its rest is dropped, except Alt and a
        // key.
        const found = keysOf([...cutAt(report, at), 'j'], stall);
        const rest = at === 1 && !/^[[O\]PX^_]./s.test(report.slice(1));
        if (!rest) expect(found.filter((key) => key !== '<escape>')).toEqual(['j']);
      }
    }
  });

  test.each(eightBit.map((bytes) => [bytes]))('%s in eight bits is none', (bytes) => {
    expect(keysOf([bytes, 'j'])).toEqual(['j']);
    expect(keysOf([...bytewise(bytes), 'j'], short)).toEqual(['j']);
  });

  test('bytes that are no UTF-8 are nothing', () => {
    for (const bytes of [[0xe9], [0xff, 0xfe], [0xc3, 0x28], [0xf8]]) {
      const text = bytes.includes(0x28) ? ['(', 'j'] : ['j'];
      expect(keysOf([Uint8Array.from(bytes), 'j'])).toEqual(text);
    }
  });
});

describe('B1: a sequence that is cut in two', () => {
  test.each(['\x1b[C', '\x1bOC'])('%j opened Recreate by its C', (arrow) => {
    for (const at of [1, 2]) {
      expect(keysOf(cutAt(arrow, at), short)).toEqual(['<right>']);
      for (const stall of stalls) {
        expect(keysOf(cutAt(arrow, at), stall)).toEqual(at === 1 ? ['<escape>'] : ['<right>']);
      }
    }
  });

  test('Esc alone is a key after a while, once or twice, and text after it is text', () => {
    expect(keysOf(['\x1b'])).toEqual(['<escape>']);
    expect(keysOf(['\x1b\x1b'])).toEqual(['<escape>', '<escape>']);
    expect(keysOf(['\x1b', 'X', '['], 200)).toEqual(['<escape>', 'X', '[']);
    expect(keysOf(['\x1b', '[', 'C'], 200)).toEqual(['<escape>', '[', 'C']);
    expect(keysOf(['\x1b', 'O', 'K'], 200)).toEqual(['<escape>', 'O', 'K']);
  });

  test('one that never ends is dropped, and the keys after it count', () => {
    for (const broken of [
      '\x1b[',
      '\x1b[1;',
      '\x1bO',
      '\x1b]',
      '\x1b]11;rgb:ff',
      '\x1bP',
      '\x1b[M!',
    ]) {
      expect(keysOf([broken, 'j'], 1100)).toEqual(['j']);
      expect(keysOf([broken, '\x1b[A', 'j'])).toEqual(['<up>', 'j']);
      expect(keysOf([broken, '\x03'])).toEqual(['<ctrl-c>']);
    }
  });

  test('a long string costs no memory and types nothing, also cut within its end', () => {
    const long = `\x1b]52;c;${'pyX売'.repeat(5000)}\x1b\\`;
    expect(keysOf([...bytewise(long.slice(0, 300)), long.slice(300, -1), '\\', 'j'])).toEqual([
      'j',
    ]);
  });
});

describe('B1: a paste is text', () => {
  const pasted = 'py\rq\x1b[A\x1b[31mred\x1b[0m\x1b]0;t\x07 表 \x1b\x1b[20';
  const whole = `\x1b[200~${pasted}\x1b[201~`;

  test('wherever it is cut, also for longer than a key is waited for', () => {
    const length = Buffer.byteLength(whole);
    for (let at = 1; at < length; at += 1) {
      expect(keysOf([...cutAt(whole, at), 'j'])).toEqual([`{paste ${pasted}}`, 'j']);
      // Cut after its first ESC, that is the Esc key.
      for (const stall of stalls) {
        const found = keysOf([...cutAt(whole, at), 'j'], stall);
        expect(found.filter((key) => key !== '<escape>')).toEqual([`{paste ${pasted}}`, 'j']);
      }
    }
    expect(keysOf([...bytewise(whole), 'j'], short)).toEqual([`{paste ${pasted}}`, 'j']);
  });

  test('that follows Esc in one read', () => {
    expect(keysOf([`\x1b\x1b[200~py\x1b[201~j`])).toEqual(['{paste py}', 'j']);
  });

  test('without its closing bracket it does not leave the console deaf', () => {
    expect(keysOf(['\x1b[200~py', 'q'], 3000)).toEqual(['{paste py}', 'q']);
    expect(keysOf(['\x1b[200~py', '\x03'], 100)).toEqual(['{paste py}', '<ctrl-c>']);
  });
});

test('the answer about the background is recognised, wherever it is cut', () => {
  const white = '\x1b]11;rgb:ffff/ffff/ffff\x1b\\';
  for (let at = 1; at < white.length; at += 1) {
    expect(keysOf([`j${white.slice(0, at)}`, `${white.slice(at)}r`], short)).toEqual([
      'j',
      '{light true}',
      'r',
    ]);
  }
});

describe('B1: whatever comes, in whatever pieces', () => {
  const key = fc.constantFrom(...knownKeys).map(([bytes, name]) => ({
    bytes: Buffer.from(bytes),
    means: [`<${name}>`],
  }));
  const letter = fc.constantFrom(...'jkXyp1/?:表é').map((text) => ({
    bytes: Buffer.from(text),
    means: [text],
  }));
  const report = aReport.map((bytes) => ({ bytes, means: [] }));
  const paste = fc.string({ unit: fc.constantFrom(...'py\r\x1b[A表 ') }).map((text) => ({
    bytes: Buffer.from(`\x1b[200~${text}\x1b[201~`),
    means: text === '' ? [] : [`{paste ${text}}`],
  }));
  const pieces = fc.array(fc.oneof(key, letter, report, report, paste), { maxLength: 12 });

  test('the keys that were pressed come out, and no other', () => {
    fc.assert(
      fc.property(pieces, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (some, sizes) => {
        const bytes = Buffer.concat(some.map((one) => one.bytes));
        const expected = some.flatMap(({ means }) => means);
        const reads: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const { value: size } = sizes.next();
          reads.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(keysOf(reads, short)).toEqual(expected);
        expect(keysOf(bytewise(bytes), short)).toEqual(expected);
        expect(keysOf([bytes])).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('a line that stalls anywhere costs keys, and never makes any but Esc', () => {
    // Alt and a key is Esc and the key if the line stalls between them: they cannot be told apart.
    const telling = report.filter(({ bytes }) => /^\x1b[[O\]PX^_]./s.test(bytes.toString()));
    const some = fc.array(fc.oneof(key, letter, telling, telling, paste), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(some, fc.nat(), fc.constantFrom(...stalls), (chosen, where, stall) => {
        const bytes = Buffer.concat(chosen.map((one) => one.bytes));
        const expected = chosen.flatMap(({ means }) => means);
        const out = keysOf(cutAt(bytes, where % bytes.length), stall);
        for (const one of out.filter((name) => name !== '<escape>')) {
          const next = expected.indexOf(one);
          expect(next, `${one} of ${JSON.stringify(bytes.toString())}`).toBeGreaterThanOrEqual(0);
          expected.splice(0, next + 1);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['X', 'P', ']', '^', '_'])(
    'Esc and %s that come together do not make it deaf to one who types on',
    (introducer) => {
      const typed = Array.from({ length: 20 }, () => 'j');
      const out = keysOf([`\x1b${introducer}`, ...typed], 200);
      expect(out.length).toBeGreaterThanOrEqual(9);
      expect(new Set(out)).toEqual(new Set(['j']));
    },
  );

  test('bytes at random never throw, and leave nothing waiting', () => {
    const reads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 });
    fc.assert(
      fc.property(reads, fc.constantFrom(0, short, 300, 3000), (some, pause) => {
        keysOf(some, pause);
        expect(keysOf([...some, '\x1b[201~', '\x03'], 3000).at(-1)).toBe('<ctrl-c>');
      }),
      { numRuns: 500 },
    );
  });
});
