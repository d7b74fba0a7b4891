import { describe, expect, test } from 'vitest';
import { actionNames, actionOf } from '../../source/console/actions.ts';
import { contexts } from '../../source/console/binding.ts';
import { keyName } from '../../source/console/key-names.ts';
import { keymap } from '../../source/console/keymap.ts';

describe('one keymap', () => {
  test.each(contexts)('no key means two things on %s', (context) => {
    const keys = keymap.filter(({ on }) => on.includes(context)).flatMap((binding) => binding.keys);
    expect(keys).toEqual([...new Set(keys)]);
  });

  test('every row says what it does, and has a name for each key', () => {
    for (const { keys, title } of keymap) {
      expect(title).toMatch(/^[a-z]/);
      for (const key of keys) expect(keyName(key)).toMatch(/^(.|[A-Z↑↓].*)$/);
    }
  });

  test('no unconfirmed key writes, and none that writes is on a chord', () => {
    const dangerous = keymap.filter(({ danger }) => danger);
    expect(dangerous.map(({ keys }) => keys)).toEqual(
      // The calculator's own leads to cards of these.
      ['a', ...actionNames.map((name) => actionOf(name).key)].map((key) => [key]),
    );
    for (const { disabled } of dangerous) expect(disabled).toBeDefined();
  });

  test('what works everywhere cannot write', () => {
    for (const { always, danger } of keymap) expect(always && danger).toBeFalsy();
  });
});
