import { alternativesOf, parseFilter } from '../domain/job/filter.ts';
import { byAttention, type Sort, sortColumns, walkedColumns } from '../domain/job/order.ts';
import { isTerminal, jobStates } from '../domain/job/state.ts';
import { nearest } from '../domain/text/nearest.ts';
import { exitCodes, type Problem, ServoError, UsageError } from '../errors.ts';
import { countLimit, listJobs } from '../operations/jobs/list-jobs.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';
import { noVisibilityText } from './visibility.ts';

const defaultLimit = 100;
const highestLimit = 10_000;

/** Rows of each state that are looked at for words which no index knows: some 0.5 s. */
const budget = 200_000;

/** Words that stand for several states. */
const groups: Readonly<Record<string, readonly string[]>> = {
  active: jobStates.filter((state) => !isTerminal(state)),
  ended: jobStates.filter(isTerminal),
};

/** `servo-tui list`: the job table, once. */
export async function list({ input, flags, settings, io }: Invocation): Promise<Output> {
  const filter = parseFilter(input.join(' '));
  const problems: Problem[] = filter.problems.map((message) => ({ message }));
  const sort = readSort(flags.text('sort'), problems);
  const states = readStates(flags.texts('state'), problems);
  const limit = readLimit(flags.text('limit'), problems);
  if (problems.length > 0) throw new UsageError(problems);
  const { page, ...jobs } = await withSession(settings, (session) =>
    listJobs(session.reader, session.tenant, {
      filter,
      sort,
      states,
      assets: flags.texts('asset').flatMap(alternativesOf),
      limit,
      budget,
      thresholds: session.thresholds,
    }),
  );
  if (page.problem !== null) throw new ServoError('not_found', page.problem);
  if (page.sort.column !== sort.column) {
    throw new ServoError('usage', `too many jobs to sort them by ${sort.column}`, {
      hint: `of any number of jobs by ${walkedColumns.join(', ')}; by the rest where a filter leaves at most 1,000`,
    });
  }
  if (page.searched !== null) {
    const looked = page.searched.toLocaleString('en');
    io.stderr.write(`only the newest ${looked} jobs of each state were looked at\n`);
  }
  const { visible } = page;
  const capped = Object.keys(jobs.counts).filter((state) => jobs.counts[state]! >= countLimit);
  // The built-in database's own tenant cannot be misspelt.
  const unseen = !visible && settings.origins.tenant !== 'default';
  if (unseen) io.stderr.write(`${noVisibilityText(jobs.tenant_id)}\n`);
  return {
    json: { ...jobs, counts_truncated: capped, visible },
    text: async () => {
      const { jobTable } = await import('./job-text.ts');
      return jobTable(jobs, {
        width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
        zone: flags.has('utc') ? 'utc' : 'local',
        ascii: flags.has('ascii'),
      });
    },
    exit: unseen ? exitCodes.no_visibility : 0,
  };
}

function readStates(texts: readonly string[], problems: Problem[]): string[] | null {
  if (texts.length === 0) return null;
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim().toLowerCase());
  const known = [...jobStates, ...Object.keys(groups)];
  return words.flatMap((word) => {
    if (Object.hasOwn(groups, word)) return groups[word]!;
    if (!(jobStates as readonly string[]).includes(word)) {
      const near = nearest(word, known);
      const all = `known are ${known.join(', ')}`;
      const hint = near === null ? all : `did you mean ${near}? ${all}`;
      problems.push({ message: `"${word}" is no state (--state)`, hint });
    }
    return [word];
  });
}

function readSort(text: string | undefined, problems: Problem[]): Sort {
  if (text === undefined) return byAttention;
  const column = text.replace(/^-/, '').toLowerCase();
  if (!sortColumns.includes(column)) {
    const near = nearest(column, sortColumns);
    const all = `known are ${sortColumns.join(', ')}`;
    const hint = near === null ? all : `did you mean ${near}? ${all}`;
    problems.push({ message: `"${column}" is no column (--sort)`, hint });
  }
  return { column, descending: text.startsWith('-') };
}

function readLimit(text: string | undefined, problems: Problem[]): number {
  if (text === undefined) return defaultLimit;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= highestLimit) return limit;
  problems.push({
    message: `--limit ${text} is no number of jobs`,
    hint: `a whole number from 1 to ${highestLimit}`,
  });
  return defaultLimit;
}
