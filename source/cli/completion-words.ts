import { jobStates, sourcesOf } from '../domain/job/state.ts';
import { granularities } from '../domain/partition/period.ts';
import { tiers } from '../domain/risk/tier.ts';
import { checkNames } from '../domain/triage/checks.ts';
import { endingFlags, type FlagRow, globalFlags } from './flags.ts';
import { scanLine } from './scan-line.ts';
import { type Spec, specsOf, type Table } from './spec.ts';

export type Candidate = { value: string; description: string };

export type Asked = { kind: 'jobs'; states: readonly string[] | null } | { kind: 'assets' };

export type Completion = {
  beginning: string;
  before: string[];
  known: Candidate[];
  asked: Asked | null;
};

const plain = (names: readonly string[]): Candidate[] =>
  names.map((value) => ({ value, description: '' }));

const valuesOf: Readonly<Record<string, readonly string[]>> = {
  state: jobStates,
  tier: tiers,
  every: granularities,
};

const statesOf: Readonly<Record<string, readonly string[]>> = {
  pause: sourcesOf('pause'),
  resume: sourcesOf('resume'),
  cancel: sourcesOf('cancel'),
  reclaim: ['running'],
  retry: ['running', 'paused', 'resuming', 'failed', 'completed'],
};

export function completionOf(line: string, table: Table<{ spec: Spec }>): Completion {
  const [, ...before] = wordsOf(line);
  const beginning = before.pop() ?? '';
  const { known, asked } = candidatesOf(before, beginning, table);
  return {
    beginning,
    before,
    known: known.filter(({ value }) => value.startsWith(beginning)),
    asked,
  };
}

/** Splits a line into words as a shell does. The last word is partial, or empty after a space. */
function wordsOf(line: string): string[] {
  const words = line.trimStart().match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? [];
  const bare = words.map((word) => word.replace(/["']/g, ''));
  return /\s$/.test(line) ? [...bare, ''] : bare;
}

type Candidates = Pick<Completion, 'known' | 'asked'>;

function candidatesOf(
  before: readonly string[],
  beginning: string,
  table: Table<{ spec: Spec }>,
): Candidates {
  const rows = [...globalFlags, ...specsOf(table).flatMap(({ flags }) => flags)];
  const { name, words } = scanLine(before, rows);
  const named = table.named.map(({ spec }) => spec);
  const command = named.find((one) => one.name === name || one.also?.includes(name ?? ''));
  const flag = /^--([^=]+)$/.exec(before.at(-1) ?? '')?.[1];
  const row = rows.find((one) => one.name === flag || one.also?.includes(flag ?? ''));
  if (row?.value !== undefined) return valuesFor(row);
  if (beginning.startsWith('-')) return known(flagsOf(command, before, table.worker.spec));
  if (name === undefined) return known(namesOf(named));
  return command === undefined ? known([]) : wordsFor(command, words.length, named);
}

const known = (candidates: Candidate[]): Candidates => ({ known: candidates, asked: null });

function valuesFor({ name, value }: FlagRow): Candidates {
  if (value === 'JOB') return { known: [], asked: { kind: 'jobs', states: null } };
  if (name === 'asset') return { known: [], asked: { kind: 'assets' } };
  return known(plain(valuesOf[name] ?? []));
}

function flagsOf(command: Spec | undefined, before: readonly string[], worker: Spec): Candidate[] {
  const isWorker = before.includes('--worker');
  const own = command?.flags ?? (isWorker ? worker.flags : worker.flags.slice(0, 1));
  return [...own, ...globalFlags, ...endingFlags]
    .filter((row) => row.multiple || !before.includes(`--${row.name}`))
    .map((row) => ({ value: `--${row.name}`, description: row.help }));
}

function namesOf(specs: readonly Spec[]): Candidate[] {
  return specs.map(({ name, summary }) => ({ value: name, description: summary }));
}

/** The usage's placeholder for the word at this position: `JOB… [--reason R]`. */
function wordsFor({ name, usage }: Spec, at: number, named: readonly Spec[]): Candidates {
  const [, words = ''] = /^\[?([A-Z]+…?|[a-z]+(?: ?\| ?[a-z]+)*)(?=[\s\]]|$)/.exec(usage) ?? [];
  if (at > 0 && !words.endsWith('…')) return known([]);
  const kind = words.replace('…', '');
  if (kind === 'JOB') return { known: [], asked: { kind: 'jobs', states: statesOf[name] ?? null } };
  if (kind === 'ASSET') return { known: [], asked: { kind: 'assets' } };
  if (kind === 'CHECK') return known(plain(checkNames));
  if (kind === 'COMMAND') return known(namesOf(named));
  return known(/^[a-z]/.test(kind) ? plain(kind.split(/ ?\| ?/)) : []);
}
