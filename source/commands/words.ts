import { nearest } from '../domain/text/nearest.ts';
import type { Problem } from '../errors.ts';
import { endingFlags, type FlagRow } from './flags.ts';

/** A command line taken apart: words, and flags each with its value. */
export type Words = {
  words: string[];
  flags: { row: FlagRow; value: string | true }[];
  /** Flags that `rows` does not know, as they were typed. */
  unknown: { name: string; at: number }[];
  problems: Problem[];
};

/**
 * Takes a command line apart. Flags may stand anywhere, so a flag's value must not be taken for the
 * command: that needs the flags of all commands, and is why this comes before meow.
 */
export function takeApart(argv: readonly string[], rows: readonly FlagRow[]): Words {
  const result: Words = { words: [], flags: [], unknown: [], problems: [] };
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at]!;
    if (token === '--') {
      result.words.push(...argv.slice(at + 1));
      break;
    }
    if (!isFlag(token)) {
      result.words.push(token);
      continue;
    }
    const [, name = '', written] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(token) ?? [];
    const row = rowOf(name, rows);
    if (row === undefined) {
      result.unknown.push({ name: token.split('=', 1)[0]!, at });
    } else if (row.value === undefined) {
      switchValue(row, written, result);
    } else if (written !== undefined) {
      result.flags.push({ row, value: written });
    } else if (at + 1 < argv.length && !argv[at + 1]!.startsWith('--')) {
      result.flags.push({ row, value: argv[++at]! });
    } else {
      result.problems.push({
        message: `--${row.name} needs a value`,
        hint: `--${row.name} ${row.value}`,
      });
    }
  }
  return result;
}

/** `-5` and `-` are words, as values are. */
function isFlag(token: string): boolean {
  return /^-[^\d]/.test(token);
}

function rowOf(name: string, rows: readonly FlagRow[]): FlagRow | undefined {
  return [...rows, ...endingFlags].find((row) => row.name === name || row.also?.includes(name));
}

function switchValue(row: FlagRow, written: string | undefined, result: Words): void {
  if (written === undefined || /^(true|1|yes|on)$/i.test(written)) {
    result.flags.push({ row, value: true });
  } else if (!/^(false|0|no|off)$/i.test(written)) {
    result.problems.push({ message: `--${row.name} takes no value ("${written}")` });
  }
}

/** Why a flag is not known to a command (`list`; '' where none is named), with the nearest one that is. */
export function problemOfFlag(name: string, command: string, rows: readonly FlagRow[]): Problem {
  const names = [...rows, ...endingFlags].flatMap((row) => [row.name, ...(row.also ?? [])]);
  const near = nearest(name.replace(/^-+/, ''), names);
  return {
    message: `${command || 'servo-tui'} has no flag ${name}`,
    hint:
      near === null ? `see: ${`servo-tui ${command}`.trim()} --help` : `did you mean --${near}?`,
  };
}
