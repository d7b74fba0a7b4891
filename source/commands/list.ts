import { isTerminal, jobStates } from '../domain/job-state.ts';
import { nearest } from '../domain/nearest.ts';
import { type Problem, UsageError } from '../errors.ts';
import { listJobs } from '../operations/list-jobs.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

const defaultLimit = 100;
const highestLimit = 10_000;

/** Words that stand for several states. */
const groups: Readonly<Record<string, readonly string[]>> = {
  active: jobStates.filter((state) => !isTerminal(state)),
  ended: jobStates.filter(isTerminal),
};

/** `servo-tui list`: the job table, once. */
export async function list({ flags, settings, io }: Invocation): Promise<Output> {
  const problems: Problem[] = [];
  const states = readStates(flags.texts('state'), problems);
  const limit = readLimit(flags.text('limit'), problems);
  if (problems.length > 0) throw new UsageError(problems);
  const jobs = await withSession(settings, (session) =>
    listJobs(session.reader, session.tenant, {
      states,
      assets: flags.texts('asset').flatMap((text) => text.split(',')),
      limit,
    }),
  );
  return {
    json: jobs,
    text: async () => {
      const { jobTable } = await import('./job-text.ts');
      return jobTable(jobs, {
        width: io.stdout.isTTY ? io.stdout.columns : Number.POSITIVE_INFINITY,
        zone: flags.has('utc') ? 'utc' : 'local',
        ascii: flags.has('ascii'),
      });
    },
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
