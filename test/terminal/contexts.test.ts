import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backfills, keys } from '../support/backfill.ts';
import { binary, urlOf } from '../support/cli.ts';
import { Emulator } from './emulator.ts';

// The palette of the installed program: from context to context, in a terminal of 16 colours.

let backfills: Backfills;
let folder: string;
let console: Emulator;

beforeAll(async () => {
  backfills = await Backfills.open();
  await backfills.job({ asset: 'orders', keys: keys(3) });
  folder = mkdtempSync(join(tmpdir(), 'servo-tui-contexts-'));
  mkdirSync(join(folder, 'servo-tui'));
  const url = urlOf(backfills.database.app);
  const context = (name: string, tenant: string, more: string) =>
    `[${name}]\ndatabase_url = "${url}"\ntenant = "${tenant}"\n${more}\n`;
  writeFileSync(
    join(folder, 'servo-tui', 'config.toml'),
    `${context('staging', 'acme', 'accent = "green"')}${context('prod', 'globex', `accent = "red"\nread_only = true\nwrite_url = "${url}"`)}`,
  );
});
afterAll(async () => {
  console?.kill();
  rmSync(folder, { recursive: true, force: true });
  await backfills.close();
});

test('from one context to another: header, rows, accent and lock are those of the new one', async () => {
  console = new Emulator(
    process.execPath,
    [binary, '--context', 'staging'],
    { columns: 100, rows: 24 },
    { XDG_CONFIG_HOME: folder, SERVO_ACTOR: 'mara', TERM: 'xterm' },
  );
  await console.until(/▐ . orders|▐ · pending +orders/);
  expect(console.lines[0]).toContain('staging / acme · read-write');
  console.type(':context pr\r');
  await console.until(() => {
    const shown = console.screen;
    // Between two writes there may be half a frame; a whole one never shows one context under the
    // other.
    return shown.includes('prod / globex') && shown.includes('no visibility');
  });
  expect(console.screen).not.toContain('orders');
  expect(console.lines[0]).toContain('READ-ONLY');
  console.type(':rw\r');
  await console.until('prod / globex is read-only.');
  await console.until(() => {
    if (/▐Type prod/.test(console.screen)) return true;
    console.type('\t');
    return false;
  }, 400);
  console.type('prod');
  await console.until('Type prod: prod');
  await console.until(() => {
    if (/UNLOCKED 10m/.test(console.lines[0] ?? '')) return true;
    console.type(console.screen.includes('▐Type prod') ? '\t' : 'y');
    return false;
  }, 400);
  // What is typed right after the y is no key of the screen.
  await console.until(() => {
    if ((console.lines[0] ?? '').includes('READ-ONLY')) return true;
    console.type(':ro\r');
    return false;
  }, 800);
  console.type(':tenant acme\r');
  await console.until(/prod \/ acme[\s\S]*orders/);
  expect(console.lines[0]).toContain('READ-ONLY');
});

test('on a dark or a light background: the terminal’s own colours, and none that is one of the two', () => {
  const styles = [...console.output.matchAll(/\x1b\[([\d;]*)m/g)].flatMap(([, codes = '']) =>
    codes.split(';').map(Number),
  );
  const used = [...new Set(styles)];
  // Black and white are invisible on one background; a background or a 256-colour of ours may clash
  // with the terminal's.
  for (const code of used) expect([0, 1, 2, 7, 22, 27, 31, 32, 33, 34, 35, 36, 39]).toContain(code);
  for (const accent of [31, 32]) expect(used).toContain(accent);
});
