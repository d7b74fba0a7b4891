import { type RiskLevel, riskLevels } from '../risk/risk.ts';
import { nearest } from '../text/nearest.ts';
import type { JobView } from './job.ts';
import { isProblem } from './order.ts';
import { isTerminal } from './state.ts';

export const comparisons = ['<', '<=', '=', '>=', '>'] as const;
type Comparison = (typeof comparisons)[number];

/** As data: evaluated here (`jobMatches`) and compiled in database/queries/job-conditions.ts. */
export type Condition =
  /** A state by its prefix, or `active` and `ended`. */
  | { kind: 'state'; beginning: string }
  | { kind: 'asset'; pattern: string }
  | { kind: 'asset_id'; ids: readonly string[] }
  | { kind: 'by'; pattern: string }
  | { kind: 'id'; beginning: string }
  | { kind: 'risk'; levels: readonly RiskLevel[] }
  | { kind: 'priority'; comparison: Comparison; value: number }
  | { kind: 'no_deadline' }
  | { kind: 'deadline_later_than'; job: string }
  | { kind: 'problem' }
  /** Part of the asset's name, or a prefix of a state or an id. */
  | { kind: 'word'; text: string };

/** One condition must hold; negated: none. */
type FilterTerm = { negated: boolean; any: readonly Condition[] };

/** A parsed filter: all terms must hold. Problems are whole sentences. */
export type JobFilter = { text: string; terms: readonly FilterTerm[]; problems: readonly string[] };

/** The deadline of a job that a filter names; undefined: no such job, null: no deadline. */
export type DeadlineOf = (job: string) => Date | null | undefined;

type Read = (value: string) => Condition | { problem: string };

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['state', (value) => ({ kind: 'state', beginning: value.toLowerCase() })],
  ['asset', (value) => ({ kind: 'asset', pattern: value.toLowerCase() })],
  ['risk', readRisk],
  ['priority', readPriority],
  ['sla', readDeadline],
  ['id', (value) => ({ kind: 'id', beginning: value.toLowerCase() })],
  ['by', (value) => ({ kind: 'by', pattern: value.toLowerCase() })],
]);

export const problemsWord = 'problems';

/**
 * Parses `state:failed,paused asset:orders* risk:high priority:<4 sla:none sla:later-than:JOB
 * problems !test`: terms are separated by spaces, `!` negates one, commas separate alternatives; a
 * word without a prefix is searched in asset name, state and id. Quotes keep spaces, commas and
 * colons: `asset:"orders, daily"`.
 */
export function parseFilter(text: string): JobFilter {
  const terms: FilterTerm[] = [];
  const problems: string[] = [];
  for (const written of splitUnquoted(text, /\s/)) {
    const negated = written.startsWith('!');
    const word = negated ? written.slice(1) : written;
    if (word === '') continue;
    const any: Condition[] = [];
    for (const read of readWord(word)) {
      if ('problem' in read) problems.push(read.problem);
      else any.push(read);
    }
    // Being typed, or a mistake: `state:` alone matches every job.
    if (any.length > 0) terms.push({ negated, any });
  }
  return { text, terms, problems };
}

export function jobMatches(filter: JobFilter, job: JobView, deadlineOf: DeadlineOf): boolean {
  return filter.terms.every(
    ({ negated, any }) => any.some((one) => conditionHolds(one, job, deadlineOf)) !== negated,
  );
}

export function namedJobs(filter: JobFilter): string[] {
  return filter.terms.flatMap(({ any }) =>
    any.flatMap((one) => (one.kind === 'deadline_later_than' ? [one.job] : [])),
  );
}

function conditionHolds(condition: Condition, job: JobView, deadlineOf: DeadlineOf): boolean {
  switch (condition.kind) {
    case 'state':
      return stateMatches(condition.beginning, job.state);
    case 'asset':
      return textMatches(condition.pattern, job.asset_name);
    case 'asset_id':
      return condition.ids.includes(job.asset_id);
    case 'by':
      return textMatches(condition.pattern, job.created_by ?? '');
    case 'id':
      return job.id.startsWith(condition.beginning);
    case 'risk':
      return condition.levels.includes(job.risk_level);
    case 'priority':
      return compare[condition.comparison](job.priority, condition.value);
    case 'no_deadline':
      return job.sla_deadline_at === null;
    case 'deadline_later_than': {
      const deadline = deadlineOf(condition.job);
      return deadline != null && job.sla_deadline_at !== null && job.sla_deadline_at > deadline;
    }
    case 'problem':
      return isProblem(job);
    case 'word':
      return (
        job.asset_name.toLowerCase().includes(condition.text) ||
        job.state.startsWith(condition.text) ||
        job.id.startsWith(condition.text)
      );
  }
}

export function stateMatches(beginning: string, state: string): boolean {
  if (beginning === 'active') return !isTerminal(state);
  if (beginning === 'ended') return isTerminal(state);
  return state.startsWith(beginning);
}

/**
 * `*` matches anything; a pattern without one matches anywhere. Case-insensitive; the pattern is in
 * lower case.
 */
export function textMatches(pattern: string, text: string): boolean {
  const lower = text.toLowerCase();
  if (!pattern.includes('*')) return lower.includes(pattern);
  const parts = pattern.split('*');
  const last = parts.length - 1;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (index === last) return lower.length - part.length >= at && lower.endsWith(part);
    const found = index === 0 ? (lower.startsWith(part) ? 0 : -1) : lower.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return true;
}

const compare: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function readWord(word: string): ReturnType<Read>[] {
  const colon = word.indexOf(':');
  const quote = word.indexOf('"');
  if (colon < 1 || (quote >= 0 && quote < colon)) {
    const text = unquoted(word).toLowerCase();
    if (text === '') return [];
    return [text === problemsWord ? { kind: 'problem' } : { kind: 'word', text }];
  }
  const name = word.slice(0, colon).toLowerCase();
  const alternatives = alternativesOf(word.slice(colon + 1));
  const read = readers.get(name);
  if (read !== undefined) return alternatives.map(read);
  const near = nearest(name, readers.keys());
  const advice =
    near === null ? `known: ${[...readers.keys()].join(', ')}` : `did you mean ${near}:?`;
  return [{ problem: `unknown filter "${name}:" (${advice})` }];
}

/** `a,"b, c"` are `a` and `b, c`. */
export function alternativesOf(text: string): string[] {
  return splitUnquoted(text, /,/).map(unquoted).filter(Boolean);
}

/** A name as an alternative of a filter, quoted if it would be read as something else. */
export function alternativeText(name: string): string {
  return /^[^\s,"\\]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** In quotes a backslash escapes the next character; an open quote reaches to the end. */
function splitUnquoted(text: string, separator: RegExp): string[] {
  const parts = [''];
  let quoted = false;
  for (const [piece] of text.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (piece === '"') quoted = !quoted;
    if (!quoted && separator.test(piece)) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

function unquoted(text: string): string {
  return text.replace(/"((?:\\[\s\S]|[^"\\])*)(?:"|\\?$)/g, (_, inside: string) =>
    inside.replace(/\\([\s\S])/g, '$1'),
  );
}

function readRisk(value: string): ReturnType<Read> {
  const wanted = value.toLowerCase().replace('-', '_');
  const levels =
    wanted === 'at_risk'
      ? (['low', 'medium', 'high', 'breached'] as const)
      : riskLevels.filter((level) => level.startsWith(wanted));
  return levels.length > 0
    ? { kind: 'risk', levels }
    : { problem: `invalid risk:${value}: expected ${riskLevels.join(', ')}, at_risk` };
}

function readPriority(value: string): ReturnType<Read> {
  const match = /^([<>]?=?)(-?\d+)$/.exec(value);
  if (match === null) {
    return { problem: `invalid priority:${value}: expected a comparison, e.g. priority:>=8` };
  }
  const comparison = (match[1] === '' ? '=' : match[1]) as Comparison;
  return { kind: 'priority', comparison, value: Number(match[2]) };
}

function readDeadline(value: string): ReturnType<Read> {
  if (value === 'none') return { kind: 'no_deadline' };
  const job = /^later-than:([0-9a-f-]{4,36})$/i.exec(value)?.[1];
  return job === undefined
    ? { problem: `invalid sla:${value}: expected sla:none or sla:later-than:JOB` }
    : { kind: 'deadline_later_than', job: job.toLowerCase() };
}
