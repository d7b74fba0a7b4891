import type { Problem } from '../../errors.ts';
import type { Strategy } from '../job/strategy.ts';
import {
  firstFew,
  isHeader,
  type KeyRange,
  maxKeyLength,
  maxPartitions,
  parseKeyFile,
  parseRange,
  problemOfKey,
  problemOfLine,
  stepOf,
} from '../partition/key.ts';
import { type Granularity, granularities, isGranularity } from '../partition/period.ts';
import { highestPriority, lowestPriority, type Tier, tierPriorities, tiers } from '../risk/tier.ts';
import { nearest } from '../text/nearest.ts';
import { type Moment, parseMoment } from '../time/deadline.ts';
import { parseDuration } from '../time/duration.ts';

export type OptionsInput = {
  priority?: string;
  tier?: string;
  sla_deadline?: string;
  parallel?: string;
  max_attempts?: string;
  timeout?: string;
  reverse?: boolean;
};

export type UpstreamInput = { include_upstream?: boolean; max_upstream_depth?: string };

export type StartInput = OptionsInput &
  UpstreamInput & {
    asset: string;
    partitions?: readonly string[];
    partitions_file?: { name: string; text: string };
    /** Keys need not be dates of the asset's granularity. */
    any_key?: boolean;
    start?: string;
    end?: string;
    every?: string;
    idempotency_key?: string;
    dry_run?: boolean;
  };

export type KeySource = { range: KeyRange } | { list: string[] };

type JobOptions = {
  priority: number | undefined;
  deadline: Moment | undefined;
  strategy: Partial<Strategy>;
};

export type StartRequest = {
  keys: KeySource;
  priority: number;
  deadline: Moment | null;
  strategy: Partial<Strategy>;
  include_upstream: boolean;
  /** 0: direct upstreams, n: n more levels. */
  max_upstream_depth: number;
  idempotency_key: string | null;
};

/** Timeouts in milliseconds. */
const bounds = {
  parallel: [1, 10_000],
  max_attempts: [1, 1000],
  timeout: [1, 7 * 86_400_000],
  max_upstream_depth: [0, 10],
} as const;

/**
 * Reads a request against the asset's granularity, if it has one.
 * @returns the request (null after a mistake) and every mistake that needs no database
 */
export function readStart(
  input: StartInput,
  granularity: Granularity | null,
): { request: StartRequest | null; problems: Problem[] } {
  const problems: Problem[] = [];
  const keys = readKeys(input, granularity, problems);
  const { priority = 0, deadline = null, strategy } = readOptions(input, problems);
  const request = {
    keys: keys!,
    priority,
    deadline,
    strategy,
    include_upstream: input.include_upstream ?? false,
    max_upstream_depth: readDepth(input, problems),
    idempotency_key: readIdempotencyKey(input, problems),
  };
  return { request: problems.length > 0 || keys === null ? null : request, problems };
}

/**
 * Options of a job; mistakes are added to `problems`.
 * @param deadlineFlag name of the deadline's flag
 */
export function readOptions(
  input: OptionsInput,
  problems: Problem[],
  deadlineFlag = 'sla-deadline',
): JobOptions {
  const priority = readPriority(input, problems);
  const deadline = readDeadline(input.sla_deadline, deadlineFlag, problems);
  const strategy: { [Name in keyof Strategy]: Strategy[Name] | undefined } = {
    max_parallel: readWhole('parallel', input.parallel, bounds.parallel, problems),
    max_attempts: readWhole('max-attempts', input.max_attempts, bounds.max_attempts, problems),
    timeout_ms: readTimeout(input, problems),
    order: input.reverse ? 'desc' : undefined,
  };
  return {
    priority,
    deadline,
    strategy: Object.fromEntries(
      Object.entries(strategy).filter(([, value]) => value !== undefined),
    ),
  };
}

function readKeys(
  input: StartInput,
  granularity: Granularity | null,
  problems: Problem[],
): KeySource | null {
  const { partitions = [], partitions_file: file, start, end, every } = input;
  const ways = [
    partitions.length > 0 ? '--partition' : [],
    start !== undefined || end !== undefined ? '--start and --end' : [],
    file !== undefined ? '--partitions-file' : [],
  ].flat();
  const hint = 'pass --partition K, --start A --end B or --partitions-file F';
  if (ways.length !== 1) {
    const message =
      ways.length === 0 ? 'no partitions given' : `${ways.join(' and ')} are mutually exclusive`;
    problems.push({ message, hint });
  }
  if (every !== undefined && start === undefined && end === undefined) {
    problems.push({ message: '--every requires --start and --end' });
  }
  if (start !== undefined || end !== undefined) {
    return readRange(start, end, every ?? granularity ?? stepOf(start, end), problems);
  }
  const { keys, problems: doubles } =
    file === undefined ? parseKeyList(partitions) : parseKeyFile(file.text);
  problems.push(...doubles.map((message) => ({ message, hint: 'list each partition once' })));
  if (file !== undefined && keys.length === 0) {
    problems.push({
      message: `no partition keys in ${file.name}`,
      hint: 'expected one key per line',
    });
  }
  if (keys.length > maxPartitions) {
    problems.push({ message: `too many partitions for one job: ${keys.length}` });
  }
  if (file !== undefined && granularity === null && !input.any_key && isHeader(keys)) {
    const message = `the first line of ${file.name}, "${keys[0]}", looks like a header`;
    problems.push({ message, hint: 'remove it, or pass --any-key if it is a key' });
  }
  if (file !== undefined && granularity === null && !input.any_key) {
    const lines = firstFew(keys.flatMap((key) => problemOfLine(key) ?? []));
    const hint = 'expected one unquoted key per line; --any-key accepts every line as a key';
    problems.push(...lines.map((message) => ({ message, hint })));
  }
  const faults = keys.flatMap((key) => problemOfKey(key, granularity, input.any_key) ?? []);
  problems.push(...firstFew(faults).map((message) => ({ message, hint: keyHint(granularity) })));
  return ways.length === 1 ? { list: keys } : null;
}

function readRange(
  start: string | undefined,
  end: string | undefined,
  every: string,
  problems: Problem[],
): KeySource | null {
  if (!isGranularity(every)) {
    const near = nearest(every, granularities);
    const hint = near === null ? `expected ${granularities.join(', ')}` : `did you mean ${near}?`;
    problems.push({ message: `invalid --every "${every}"`, hint });
  }
  if (start === undefined)
    problems.push({ message: 'missing --start', hint: 'e.g. --start 2024-01-01' });
  if (end === undefined) problems.push({ message: 'missing --end', hint: 'e.g. --end 2024-12-31' });
  // A missing bound is not reported as invalid too.
  const [first, last] = [start ?? end ?? '', end ?? start ?? ''];
  const result = parseRange(isGranularity(every) ? every : 'day', first, last);
  if ('range' in result) return result;
  const relevant = result.problems.filter(
    (message) =>
      !(start === undefined && message.startsWith('invalid --start ')) &&
      !(end === undefined && message.startsWith('invalid --end ')),
  );
  problems.push(...relevant.map((message) => ({ message, hint: rangeHint(message) })));
  return null;
}

function rangeHint(message: string): string {
  if (message.endsWith('not a date')) {
    return 'expected ISO 8601: 2024-01-31, 2024-01, 2024-01-31T05';
  }
  if (message.includes('finer than the step')) {
    return 'use whole partitions (2024-01, 2024-01-31, 2024-01-31T05); --every sets their width';
  }
  if (message.includes('not the start of')) return 'use the start of the partition, in UTC';
  return message.startsWith('the range ends')
    ? '--start is the first partition, --end the last'
    : 'start several jobs, or one --every day, week or month';
}

function parseKeyList(partitions: readonly string[]): { keys: string[]; problems: string[] } {
  const keys = new Set<string>();
  const doubles = new Set<string>();
  for (const key of partitions) (keys.has(key) ? doubles : keys).add(key);
  const problems = firstFew([...doubles].map((key) => `duplicate partition "${key}"`));
  return { keys: [...keys], problems };
}

function keyHint(granularity: Granularity | null): string {
  return granularity === null
    ? `expected 1 to ${maxKeyLength} characters; a key in the shape of a date must be a date`
    : `expected one ${granularity} in UTC, without commas or quotes; --any-key accepts other keys`;
}

function readPriority(input: OptionsInput, problems: Problem[]): number | undefined {
  const { priority, tier } = input;
  if (priority !== undefined && tier !== undefined) {
    problems.push({
      message: '--priority and --tier are mutually exclusive',
      hint: 'a tier is a priority by name',
    });
  }
  if (tier !== undefined) {
    if (Object.hasOwn(tierPriorities, tier)) return tierPriorities[tier as Tier];
    const near = nearest(tier, tiers);
    const hint = near === null ? `expected ${tiers.join(', ')}` : `did you mean ${near}?`;
    problems.push({ message: `invalid --tier "${tier}"`, hint });
  }
  return readWhole(
    'priority',
    tier === undefined ? priority : undefined,
    [lowestPriority, highestPriority],
    problems,
  );
}

function readDeadline(
  text: string | undefined,
  flag: string,
  problems: Problem[],
): Moment | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (moment !== null) return moment;
  const hint = 'expected ISO 8601 (2024-01-17T00:00:00Z; default zone UTC) or relative (+2h)';
  problems.push({ message: `invalid --${flag} "${text}"`, hint });
  return undefined;
}

function readTimeout(input: OptionsInput, problems: Problem[]): number | undefined {
  if (input.timeout === undefined) return undefined;
  const [least, most] = bounds.timeout;
  const timeout = parseDuration(input.timeout);
  if (timeout !== null && timeout >= least && timeout <= most) return timeout;
  const hint = 'expected up to 7d, e.g. 30s, 5m or 1h30m';
  problems.push({ message: `invalid --timeout "${input.timeout}"`, hint });
  return undefined;
}

function readWhole(
  flag: string,
  text: string | undefined,
  [least, most]: readonly [number, number],
  problems: Problem[],
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[+-]?\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const hint = `expected a whole number from ${least} to ${most}`;
  problems.push({ message: `invalid --${flag} "${text}"`, hint });
  return undefined;
}

export function readDepth(input: UpstreamInput, problems: Problem[]): number {
  const { max_upstream_depth: depth, include_upstream: include } = input;
  if (depth !== undefined && !include)
    problems.push({ message: '--max-upstream-depth requires --include-upstream' });
  return readWhole('max-upstream-depth', depth, bounds.max_upstream_depth, problems) ?? 0;
}

function readIdempotencyKey(input: StartInput, problems: Problem[]): string | null {
  const key = input.idempotency_key;
  if (key === undefined) return null;
  const length = [...key].length;
  if (key.trim() === '' || length > 255) {
    const what = length > 255 ? `${length} characters` : 'empty';
    problems.push({
      message: `invalid --idempotency-key: ${what}`,
      hint: 'expected 1 to 255 characters',
    });
  }
  return key;
}
