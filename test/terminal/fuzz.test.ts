import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../faults/random.ts';
import { bundleFixture, Emulator, linesOfFile } from './emulator.ts';

// Random keys, pastes and resizes through a real pseudo-terminal. A longer run, or the same one
// again: FUZZ_SEED=7 FUZZ_STEPS=50000 npx vitest run test/terminal/fuzz.test.ts
const seed = Number(process.env.FUZZ_SEED ?? 20261122);
const steps = Number(process.env.FUZZ_STEPS ?? 600);

let fixture: string;
let emulators: Emulator[] = [];

beforeAll(async () => {
  fixture = await bundleFixture();
});
afterAll(() => {
  for (const emulator of emulators) emulator.kill();
  emulators = [];
  rmSync(dirname(fixture), { recursive: true, force: true });
});

const arrows = ['A', 'B', 'C', 'D', 'F', 'H', '5~', '6~', 'Z'].map((end) => `\x1b[${end}`);
/** All that a keyboard sends, except the `y` that confirms, and what ends or stops the console. */
const keys = [
  ...Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index)),
  ...Array.from({ length: 0x1f }, (_, index) => String.fromCharCode(index + 1)),
  ...'\x7fé表🙂'.split(/(?:)/u),
  ...arrows,
].filter((key) => !['y', '\x03', '\x1a', '\x1c'].includes(key));
/** Keys that open something are more frequent. */
const telling = [
  '\r',
  '\t',
  '\x1b',
  ':',
  '?',
  '/',
  'p',
  'X',
  'L',
  'j',
  '1',
  '2',
  '3',
  '4',
  '5',
  '7',
];
/** What terminals also send: focus, the mouse, broken sequences, bytes that are no text. */
const noise = [
  '\x1b[I',
  '\x1b[O',
  '\x1b[<0;5;5M',
  '\x1b[',
  '\x1b]',
  '\x1bO',
  '\x1b[200~',
  '\x1b[201~',
];

function input(random: Random): string {
  const kind = random.weighted({ key: 60, telling: 30, noise: 4, paste: 3, burst: 3 });
  const some = (most: number) =>
    Array.from({ length: random.between(1, most) }, () => random.pick(keys)).join('');
  if (kind === 'key') return random.pick(keys);
  if (kind === 'telling') return random.pick(telling);
  if (kind === 'noise') return random.pick(noise);
  if (kind === 'paste') return `\x1b[200~py\ry${some(40)}y\r\x1b[201~`;
  return `${some(30)}p\ty`;
}

/** The console under a shell that prints how the terminal was left. */
function start(journal: string): Emulator {
  const script = `"${process.execPath}" "${fixture}" live; echo "code=$?"; stty -a; echo back-in-shell; exec sleep 60`;
  const size = { columns: 100, rows: 30 };
  const emulator = new Emulator('/bin/sh', ['-c', script], size, { FIXTURE_JOURNAL: journal });
  emulators.push(emulator);
  return emulator;
}

test('whatever is typed: no crash, no write without a y on its own, and the terminal comes back as it was', async () => {
  const random = new Random(seed);
  const journal = join(mkdtempSync(join(dirname(fixture), 'run-')), 'journal');
  let done = 0;
  while (done < steps) {
    // Typing `q` or the palette's `quit` ends it: then a new one is started.
    const console = await start(journal).until('Enter open');
    const ended = () => /code=\d+[\s\S]*back-in-shell/.test(console.output);
    while (done < steps && !ended()) {
      done += 1;
      if (random.chance(0.03)) {
        console.resize({ columns: random.between(1, 200), rows: random.between(2, 60) });
      } else console.type(input(random));
      // Keys come one by one, as from a hand: a burst is one of the inputs.
      await new Promise((resolve) => setTimeout(resolve, random.between(1, 12)));
    }
    if (!ended()) console.resize({ columns: 100, rows: 40 });
    // After a random opening bracket of a paste the first may be part of the paste.
    await console.until(() => {
      if (!ended()) console.type('\x03');
      return ended();
    }, 400);
    // On a small terminal it has scrolled away, so it is not read from the screen.
    const said = console.output.slice(console.output.lastIndexOf('code='));
    expect(said, `seed ${seed}, step ${done}`).toMatch(/^code=(0|130)\b/);
    expect(said).toMatch(/[^-]icanon/);
    expect(said).toMatch(/[^-]echo\b/);
    expect(console.inAlternateScreen).toBe(false);
    expect(console.cursorIsShown).toBe(true);
    expect(console.pasteIsBracketed).toBe(false);
    console.kill();
  }
  const told = linesOfFile(journal);
  expect(told.filter((line) => line.startsWith('load')).length).toBeGreaterThan(0);
  expect(told.filter((line) => line.startsWith('act') || line === 'unlock')).toEqual([]);
}, 3_600_000);
