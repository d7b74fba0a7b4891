import { nearest } from '../domain/text/nearest.ts';
import type { Problem } from '../errors.ts';
import { endingFlags, type FlagRow } from './flags.ts';

export type ScannedLine = {
  argv: string[];
  name: string | undefined;
  words: string[];
  given: string[];
  unknown: string[];
  problems: Problem[];
};

/**
 * Finds the command and spells its flags for meow, which parses the flags of a known command and
 * does not report mistakes. meow 14.1 reads `--sort` without a value as '', `--sort -asset` as the
 * flags a, s, e and t, `--json=maybe` as false, strips the quotes of `--asset="a,b"`, and exits at
 * an unknown flag (test/commands/parse.test.ts).
 * @param rows the flags of all commands: a flag may precede the command's name
 */
export function scanLine(argv: readonly string[], rows: readonly FlagRow[]): ScannedLine {
  const found: ScannedLine = {
    argv: [],
    name: undefined,
    words: [],
    given: [],
    unknown: [],
    problems: [],
  };
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at]!;
    if (token === '--') {
      for (const word of argv.slice(at + 1)) takeWord(word, found);
      break;
    }
    // `-5` and `-` are words, not flags.
    if (!/^-[^\d]/.test(token)) {
      takeWord(token, found);
      continue;
    }
    const [, name = '', inline] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(token) ?? [];
    const row = rowOf(name, rows);
    const next = argv[at + 1];
    if (row === undefined) found.unknown.push(token.split('=', 1)[0]!);
    else if (row.value === undefined) takeSwitch(row, inline, found);
    else if (inline !== undefined) takeValue(row, inline, found);
    else if (next !== undefined && !next.startsWith('--')) {
      takeValue(row, next, found);
      at++;
    } else {
      const hint = `--${row.name} ${row.value}`;
      found.problems.push({ message: `--${row.name} needs a value`, hint });
    }
  }
  return found;
}

/** The optional word `backfill`, then `help` or the command's name, then the command's words. */
function takeWord(word: string, found: ScannedLine): void {
  if (found.name !== undefined) found.words.push(word);
  else if (word === 'help') takeSwitch(endingFlags[0]!, undefined, found);
  else if (word !== 'backfill') found.name = word;
}

function takeValue({ name }: FlagRow, value: string, { given, argv }: ScannedLine): void {
  given.push(name);
  argv.push(`--${name}=${/^$|^(["'])[\s\S]*\1$/.test(value) ? `"${value}"` : value}`);
}

function takeSwitch({ name }: FlagRow, inline: string | undefined, found: ScannedLine): void {
  if (inline === undefined || /^(true|1|yes|on)$/i.test(inline)) {
    found.given.push(name);
    found.argv.push(`--${name}`);
  } else if (!/^(false|0|no|off)$/i.test(inline)) {
    found.problems.push({ message: `--${name} takes no value ("${inline}")` });
  }
}

export function rowOf(name: string, rows: readonly FlagRow[]): FlagRow | undefined {
  return [...rows, ...endingFlags].find((row) => row.name === name || row.also?.includes(name));
}

export function problemOfFlag(name: string, title: string, rows: readonly FlagRow[]): Problem {
  const names = [...rows, ...endingFlags].flatMap((row) => [row.name, ...(row.also ?? [])]);
  const near = nearest(name.replace(/^-+/, ''), names);
  return {
    message: `${title.replace(/^servo-tui (?=.)/, '')} has no flag ${name}`,
    hint: near === null ? `see: ${title} --help` : `did you mean --${near}?`,
  };
}
