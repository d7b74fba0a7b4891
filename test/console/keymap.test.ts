import { describe, expect, test } from 'vitest';
import { keymap } from '../../source/console/app/keymap.ts';
import { actionNames, actionOf } from '../../source/console/model/actions.ts';
import { keyName } from '../../source/console/model/key-names.ts';
import { type KeyScope, keyScopes } from '../../source/console/model/state.ts';

describe('one keymap', () => {
  test.each(keyScopes)('no key means two things on %s', (scope) => {
    const keys = keymap.filter(({ on }) => on.includes(scope)).flatMap((binding) => binding.keys);
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
      // Recommended actions of the what-if lead to dialogs of these.
      ['a', 'A', ...actionNames.map((name) => actionOf(name).key)].map((key) => [key]),
    );
    for (const { disabled } of dangerous) expect(disabled).toBeDefined();
  });

  test('what works everywhere cannot write', () => {
    for (const { always, danger } of keymap) expect(always && danger).toBeFalsy();
  });
});

// The design's keys: what each row's title begins with, and where it works.
const page: readonly [keys: string[], on: KeyScope, title: RegExp][] = [
  [['j', 'down'], 'jobs', /^next row/],
  [['k', 'up'], 'jobs', /^previous row/],
  [['g'], 'jobs', /^first row/],
  [['G'], 'jobs', /^last row/],
  [['page-up'], 'jobs', /^a page up/],
  [['page-down'], 'jobs', /^a page down/],
  [['enter'], 'jobs', /^open/],
  [['escape'], 'jobs', /^back: close/],
  [['q'], 'jobs', /^quit: from the job table/],
  [['1'], 'triage', /^go to Jobs/],
  [['2'], 'jobs', /^go to Job/],
  [['3'], 'jobs', /^go to Triage/],
  [['4'], 'jobs', /^go to Risk/],
  [['5'], 'jobs', /^go to Executors/],
  [['6'], 'jobs', /^go to Alerts/],
  [['7'], 'jobs', /^go to Events/],
  [['/'], 'events', /^filter/],
  [[':'], 'risk', /^palette/],
  [['?'], 'job', /^help: type/],
  [['space'], 'jobs', /^mark or unmark the job/],
  [['v'], 'jobs', /^mark a range/],
  [['U'], 'jobs', /^clear the marks/],
  [['p'], 'risk', /^pause/],
  [['r'], 'check', /^resume/],
  [['X'], 'job', /^cancel/],
  [['R'], 'job', /^retry/],
  [['f'], 'check', /^reclaim/],
  [['L'], 'risk', /^deadline/],
  [['t'], 'jobs', /^tune/],
  [['e'], 'alerts', /^explain/],
  [['l'], 'job', /^log: output/],
  [['s'], 'check', /^show the SQL of the check/],
  [['s'], 'job', /^show the SQL of the screen/],
  [['m'], 'executors', /^follow the job/],
  [['y'], 'executors', /^copy the row's id/],
  [['Y'], 'events', /^copy the row as JSON/],
  [['y'], 'reader', /^copy the text/],
  [['a'], 'risk', /^apply the what-if changes/],
  [['<'], 'jobs', /^sort by the previous/],
  [['>'], 'jobs', /^sort by the next/],
  [['I'], 'jobs', /^invert/],
  [['w'], 'jobs', /^wide/],
  [['!'], 'jobs', /^problems only/],
  [['Z'], 'triage', /^freeze/],
  [['+'], 'job', /^refresh less/],
  [['-'], 'job', /^refresh more/],
  [['ctrl-r'], 'events', /^refresh now/],
  [['ctrl-l'], 'reader', /^repaint/],
  [['ctrl-z'], 'reader', /^suspend/],
];

test.each(page)('%j on %s: %s', (keys, scope, title) => {
  for (const key of keys) {
    const binding = keymap.find((one) => one.keys.includes(key) && one.on.includes(scope));
    expect(binding?.title).toMatch(title);
  }
});
