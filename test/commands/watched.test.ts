import { expect, test } from 'vitest';
import type { Host } from '../../source/app/command.ts';
import { isWatched } from '../../source/commands/system/console-flags.ts';

const watched = (flags: string[], terminal: boolean, TERM: string) =>
  isWatched({
    io: { interactive: terminal, env: { TERM } },
    plain: flags.includes('plain'),
    json: flags.includes('json'),
  } as unknown as Host);

// The demonstration asks the same: its console took no notice of --plain.
test('a person watches at a terminal that can be painted, or with --plain at any; never with --json', () => {
  expect(watched([], true, 'xterm')).toBe(true);
  expect(watched([], true, 'dumb')).toBe(false);
  expect(watched(['plain'], true, 'dumb')).toBe(true);
  expect(watched(['plain'], false, 'xterm')).toBe(false);
  expect(watched(['plain', 'json'], true, 'xterm')).toBe(false);
});
