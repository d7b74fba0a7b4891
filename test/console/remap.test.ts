import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keymap } from '../../source/console/app/keymap.ts';
import { keymapTable } from '../../source/console/app/keymap-table.ts';
import { remapKeys } from '../../source/console/app/remap.ts';
import { helpEntries } from '../../source/console/dialogs/finder/help-entries.ts';
import { nameOf } from '../../source/console/model/key-hints.ts';
import { remedyKeys } from '../../source/console/model/remedy-keys.ts';
import { Session } from '../sessions/session.ts';
import { aJob } from '../support/jobs.ts';

const problemsOf = (wanted: Record<string, string>) =>
  remapKeys(keymap, wanted).problems.map(({ message }) => message);

describe('[keys] gives rows of the keymap other keys', () => {
  const wanted = { pause: 'P', 'next row': 'Ctrl-N', freeze: 'F' };
  const free = keymap.filter((binding) => binding.keys[0] !== 'P');

  test('handling, help and the remedies follow', () => {
    const { keymap: remapped, problems } = remapKeys(free, wanted);
    expect(problems).toEqual([]);
    const jobs = [aJob({ number: 1 }), aJob({ number: 2 })];
    const session = Session.showing(jobs, { keymap: remapped }).press('p');
    expect(session.state.overlay).toBeNull();
    expect(session.press('P').card.name).toBe('pause');
    session.read().press('escape', 'ctrl-n');
    expect(session.state.jobs.cursor).toBe(jobs[1]!.id);
    expect(remedyKeys(session.state).pause).toBe('P');
    const help = { type: 'help', text: 'pause', caret: 5, cursor: 0 } as const;
    expect(helpEntries(session.state, help)[0]?.binding.keys).toEqual(['P']);
  });

  test('a key that would mean two things is refused, with both', () => {
    expect(problemsOf({ pause: 'r' })).toEqual([
      '[keys]: r is assigned to both "pause" and "resume"',
    ]);
    expect(problemsOf({ pause: 'r', resume: 'p' })).toEqual([]);
  });

  test('what acts on a job is on no chord, on nothing that moves, and not on y', () => {
    for (const key of ['Ctrl-P', 'Enter', 'Space'])
      expect(problemsOf({ pause: key }).join()).toContain('pause changes a job and cannot be on');
    expect(problemsOf({ pause: 'y' }).join()).toContain('cannot be on y');
  });

  test('mistakes are reported together, with suggestions', () => {
    const { problems } = remapKeys(keymap, { pauze: 'P', resume: 'Hyper-7' });
    expect(problems).toEqual([
      { message: '[keys]: no key is named "pauze"', hint: 'did you mean pause?' },
      {
        message: '[keys]: invalid key "Hyper-7" for resume',
        hint: 'expected one character, or a name such as Ctrl-R, PgDn, Enter',
      },
    ]);
  });

  test('what always works keeps its keys', () => {
    expect(problemsOf({ 'quit immediately': 'Q' })).toEqual([
      '[keys]: no key is named "quit immediately"',
    ]);
  });

  test('the keymap itself has no conflict, and a name for each meaning of a key', () => {
    expect(problemsOf({})).toEqual([]);
    for (const binding of keymap) expect(nameOf(binding).length).toBeGreaterThan(2);
  });
});

test('the table of docs/keys.md is the keymap: npm run keymap writes it', () => {
  const page = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8');
  const marked = /<!-- keymap -->\n\n([\s\S]*?)\n<!-- \/keymap -->/.exec(page);
  expect(marked?.[1]).toBe(keymapTable());
});
