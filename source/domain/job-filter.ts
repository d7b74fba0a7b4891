import type { JobView } from './job.ts';
import { isTerminal, jobStates } from './job-state.ts';
import { nearest } from './nearest.ts';
import { riskLevels } from './risk.ts';

/** One condition on a job. */
export type FilterTerm = { negated: boolean; matches: (job: JobView) => boolean };

/** The FILTER grammar's reading of a text: all terms must hold. Problems are whole sentences. */
export type JobFilter = { text: string; terms: readonly FilterTerm[]; problems: readonly string[] };

type Read = (value: string) => ((job: JobView) => boolean) | { problem: string };

/** What stands before the colon, and how its value is read. */
const words: Readonly<Record<string, Read>> = {
  state: readState,
  asset: (value) => matchGlob(value, (job) => job.asset_name),
  risk: readRisk,
  priority: readPriority,
  sla: (value) =>
    value === 'none'
      ? (job) => job.sla_deadline_at === null
      : { problem: `sla:${value} is not known: write sla:none` },
  id: (value) => (job) => job.id.startsWith(value.toLowerCase()),
  by: (value) => matchGlob(value, (job) => job.created_by ?? ''),
};

/**
 * `state:failed asset:orders* risk:high priority:<4 sla:none !test`: words apart by spaces, `!`
 * before one negates it, a word without a colon is looked for in asset name, state and id.
 */
export function parseFilter(text: string): JobFilter {
  const terms: FilterTerm[] = [];
  const problems: string[] = [];
  for (const written of text.split(/\s+/)) {
    const negated = written.startsWith('!');
    const word = negated ? written.slice(1) : written;
    if (word === '') continue;
    const read = readWord(word);
    if ('problem' in read) problems.push(read.problem);
    else terms.push({ negated, matches: read });
  }
  return { text, terms, problems };
}

export function jobMatches(filter: JobFilter, job: JobView): boolean {
  return filter.terms.every(({ negated, matches }) => matches(job) !== negated);
}

function readWord(word: string): ReturnType<Read> {
  const colon = word.indexOf(':');
  if (colon < 1) return anywhere(word);
  const name = word.slice(0, colon).toLowerCase();
  const value = word.slice(colon + 1);
  const read = words[name];
  if (read === undefined) {
    const known = nearest(name, Object.keys(words));
    const advice =
      known === null ? `known: ${Object.keys(words).join(', ')}` : `did you mean ${known}:?`;
    return { problem: `no filter is called "${name}:" (${advice})` };
  }
  // Still being typed: `state:` alone leaves every job in.
  return value === '' ? () => true : read(value);
}

function anywhere(word: string): (job: JobView) => boolean {
  const wanted = word.toLowerCase();
  return (job) =>
    job.asset_name.toLowerCase().includes(wanted) ||
    job.state.startsWith(wanted) ||
    job.id.startsWith(wanted);
}

/** A state, its beginning, or `active` and `ended` for all that have not and have ended. */
function readState(value: string): ReturnType<Read> {
  const wanted = value.toLowerCase();
  if (wanted === 'active') return (job) => !isTerminal(job.state);
  if (wanted === 'ended') return (job) => isTerminal(job.state);
  const meant = jobStates.filter((state) => state.startsWith(wanted));
  if (meant.length > 0) return (job) => (meant as string[]).includes(job.state);
  return (job) => job.state.startsWith(wanted);
}

function readRisk(value: string): ReturnType<Read> {
  const wanted = value.toLowerCase().replace('-', '_');
  if (wanted === 'at_risk') {
    return (job) => ['low', 'medium', 'high', 'breached'].includes(job.risk_level);
  }
  return riskLevels.some((level) => level.startsWith(wanted))
    ? (job) => job.risk_level.startsWith(wanted)
    : { problem: `risk:${value} is not one of ${riskLevels.join(', ')}, at_risk` };
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '': (a, b) => a === b,
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function readPriority(value: string): ReturnType<Read> {
  const match = /^([<>]?=?)(-?\d+)$/.exec(value);
  const compare = comparisons[match?.[1] ?? ''];
  if (match === null || compare === undefined) {
    return { problem: `priority:${value} is not a comparison: write priority:>=8` };
  }
  return (job) => compare(job.priority, Number(match[2]));
}

/** `*` stands for anything; without one the text may stand anywhere. Case does not matter. */
function matchGlob(pattern: string, text: (job: JobView) => string): (job: JobView) => boolean {
  const wanted = pattern.toLowerCase();
  if (!wanted.includes('*')) return (job) => text(job).toLowerCase().includes(wanted);
  const parts = wanted.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (job) => expression.test(text(job).toLowerCase());
}
