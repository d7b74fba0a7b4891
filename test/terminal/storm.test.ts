import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../faults/random.ts';
import { bundleFixture, Emulator, linesOfFile } from './emulator.ts';

// A terminal whose size changes hundreds of times while the data change. The same run again:
// FUZZ_SEED=7.
const seed = Number(process.env.FUZZ_SEED ?? 20261122);
const resizes = 300;

let fixture: string;
let console: Emulator;

beforeAll(async () => {
  fixture = await bundleFixture();
});
afterAll(() => {
  console?.kill();
  rmSync(dirname(fixture), { recursive: true, force: true });
});

test('a storm of resizes while twenty jobs run: it ends in the right screen, whatever lay over it', async () => {
  const random = new Random(seed);
  const journal = join(mkdtempSync(join(dirname(fixture), 'run-')), 'journal');
  const size = { columns: 100, rows: 30 };
  console = new Emulator(process.execPath, [fixture, 'busy'], size, {
    FIXTURE_JOURNAL: journal,
    FIXTURE_INTERVAL: '20',
  });
  await console.until(/▐ . asset_/);
  const loads = () => linesOfFile(journal).filter((line) => line.startsWith('load')).length;
  for (let done = 0; done < resizes; done += 1) {
    console.resize({ columns: random.between(1, 220), rows: random.between(2, 70) });
    if (random.chance(0.1)) console.type(random.pick(['j', 'k', 'G', 'g', '\r', '\x1b', '?', 'p']));
    // Several in one turn of the console, then one alone.
    if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const before = loads();
  console.resize(size);
  await console.until(() => {
    if (/q quit/.test(console.lines.at(-2) ?? '')) return true;
    console.type('\x1b');
    return false;
  }, 400);
  // Answers keep coming, and each row is on a line of its own.
  await console.until(() => loads() > before + 3);
  await console.until(() => {
    const rows = console.lines.filter((line) => /asset_\d+ /.test(line));
    return rows.length === 20 && new Set(rows).size === 20;
  });
  expect(console.lines[0]).toMatch(/^ servo-tui · warehouse \/ acme · read-write/);
  expect(console.lines.at(-1)).toBe('');
  expect(console.isWrapped).toBe(false);
  expect(console.lines.filter((line) => line.startsWith('▐'))).toHaveLength(1);
  expect(console.output).not.toMatch(/\x1b\[[23]?J|\x1bc/);
  expect(linesOfFile(journal).filter((line) => line.startsWith('act'))).toEqual([]);
  console.type('q');
  await console.until(() => console.exitCode !== null);
  expect(console.exitCode).toBe(0);
});
