import { expect, test } from 'vitest';
import type { Invocation } from '../../source/cli/command.ts';
import { isWatched } from '../../source/commands/system/console.ts';

const watched = (flags: string[], terminal: boolean, TERM: string) =>
  isWatched({
    io: { terminal, env: { TERM } },
    flags: { has: (name: string) => flags.includes(name) },
  } as unknown as Invocation);

// The demonstration asks the same: its console took no notice of --plain.
test('a person sits at a terminal that can be painted, or with --plain at any; never with --json', () => {
  expect(watched([], true, 'xterm')).toBe(true);
  expect(watched([], true, 'dumb')).toBe(false);
  expect(watched(['plain'], true, 'dumb')).toBe(true);
  expect(watched(['plain'], false, 'xterm')).toBe(false);
  expect(watched(['plain', 'json'], true, 'xterm')).toBe(false);
});
