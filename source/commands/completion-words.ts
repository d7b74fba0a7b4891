import { jobStates, sourcesOf } from '../domain/job/state.ts';
import { granularities } from '../domain/partition/period.ts';
import { tiers } from '../domain/risk/tier.ts';
import { checkNames } from '../domain/triage/checks.ts';
import type { Command } from './command.ts';
import { endingFlags, type FlagRow, globalFlags } from './flags.ts';
import { commands, consoleCommand, workerCommand } from './table.ts';
import { takeApart } from './words.ts';

/** What may stand at the end of a line. */
export type Candidate = { value: string; description: string };

/** What the database has to be asked for; jobs in one of these states, or in any. */
export type Asked = { kind: 'jobs'; states: readonly string[] | null } | { kind: 'assets' };

export type Completion = {
  /** The beginning of the last word: all that is proposed begins with it. */
  beginning: string;
  /** The line without its last word and the program's name. */
  before: string[];
  known: Candidate[];
  asked: Asked | null;
};

const named = (names: readonly string[]): Candidate[] =>
  names.map((value) => ({ value, description: '' }));

const all = [consoleCommand, workerCommand, ...commands];
const everyFlag = [...globalFlags, ...all.flatMap((command) => command.flags)];

/** Values of flags that are among a few. */
const valuesOf: Readonly<Record<string, readonly string[]>> = {
  state: jobStates,
  tier: tiers,
  every: granularities,
};

/** Jobs that a command can do something to; the others take any. */
const statesOf: Readonly<Record<string, readonly string[]>> = {
  pause: sourcesOf('pause'),
  resume: sourcesOf('resume'),
  cancel: sourcesOf('cancel'),
  reclaim: ['running'],
  retry: ['running', 'paused', 'resuming', 'failed', 'completed'],
};

/** Reads a line up to the cursor, the program's name included. What the tables of commands and flags know is all that it knows. */
export function completionOf(line: string): Completion {
  const [, ...words] = wordsOf(line);
  const beginning = words.pop() ?? '';
  const before = words;
  const wanted = want(before, beginning);
  const known = wanted.known.filter(({ value }) => value.startsWith(beginning));
  return { beginning, before, known, asked: wanted.asked };
}

/** Words as a shell would see them, the last one as far as it goes; it is empty behind a space. */
function wordsOf(line: string): string[] {
  const words = line.trimStart().match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? [];
  const plain = words.map((word) => word.replace(/["']/g, ''));
  return /\s$/.test(line) ? [...plain, ''] : plain;
}

function want(
  before: readonly string[],
  beginning: string,
): { known: Candidate[]; asked: Asked | null } {
  const { words } = takeApart(before, everyFlag);
  const [name, ...input] = words[0] === 'backfill' ? words.slice(1) : words;
  const command = commands.find((one) => one.name === name || one.also?.includes(name ?? ''));
  const flag = flagOf(before.at(-1) ?? '');
  if (flag?.value !== undefined) return wantValue(flag);
  if (beginning.startsWith('-')) return known(flagsOf(command, before));
  if (name === undefined) return known(commandNames());
  return command === undefined ? known([]) : wantWord(command, input.length);
}

const known = (candidates: Candidate[]) => ({ known: candidates, asked: null });

function flagOf(word: string): FlagRow | undefined {
  const name = /^--([^=]+)$/.exec(word)?.[1];
  return everyFlag.find((row) => row.name === name || row.also?.includes(name ?? ''));
}

function wantValue({ name, value }: FlagRow): { known: Candidate[]; asked: Asked | null } {
  if (value === 'JOB') return { known: [], asked: { kind: 'jobs', states: null } };
  if (name === 'asset') return { known: [], asked: { kind: 'assets' } };
  return known(named(valuesOf[name] ?? []));
}

function flagsOf(command: Command | undefined, before: readonly string[]): Candidate[] {
  const worker = before.includes('--worker');
  const own = command?.flags ?? (worker ? workerCommand.flags : workerCommand.flags.slice(0, 1));
  return [...own, ...globalFlags, ...endingFlags]
    .filter((row) => row.multiple || !before.includes(`--${row.name}`))
    .map((row) => ({ value: `--${row.name}`, description: row.help }));
}

function commandNames(): Candidate[] {
  return commands.map(({ name, summary }) => ({ value: name, description: summary }));
}

/** What the usage says of the word at this place: `JOB… [--reason R]`. */
function wantWord(
  { name, usage }: Command,
  at: number,
): { known: Candidate[]; asked: Asked | null } {
  const [, words = ''] = /^\[?([A-Z]+…?|[a-z]+(?: ?\| ?[a-z]+)*)(?=[\s\]]|$)/.exec(usage) ?? [];
  if (at > 0 && !words.endsWith('…')) return known([]);
  const kind = words.replace('…', '');
  if (kind === 'JOB') return { known: [], asked: { kind: 'jobs', states: statesOf[name] ?? null } };
  if (kind === 'ASSET') return { known: [], asked: { kind: 'assets' } };
  if (kind === 'CHECK') return known(named(checkNames));
  if (kind === 'COMMAND') return known(commandNames());
  return known(/^[a-z]/.test(kind) ? named(kind.split(/ ?\| ?/)) : []);
}
