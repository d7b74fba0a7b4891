import { onSession } from '../../app/command.ts';
import { readLimit, unknownValue } from '../../cli/flags.ts';
import { onTenant } from '../../cli/spec.ts';
import { alternativesOf, parseFilter } from '../../domain/job/filter.ts';
import { byAttention, type Sort, sortColumns, walkedColumns } from '../../domain/job/order.ts';
import { isTerminal, jobStates } from '../../domain/job/state.ts';
import { exitCodes, type Problem, ServoError } from '../../errors.ts';

const defaultLimit = 100;

/** Rows of each state that are read for words which no index knows: some 0.5 s. */
const budget = 200_000;

const groups: Readonly<Record<string, readonly string[]>> = {
  active: jobStates.filter((state) => !isTerminal(state)),
  ended: jobStates.filter(isTerminal),
};

export const list = onSession({
  spec: {
    name: 'list',
    usage: '[FILTER…] [--state S] [--asset A] [--sort C] [--limit 100]',
    summary: 'the job table: what needs attention first, then what is active, then the newest',
    flags: [
      {
        name: 'state',
        value: 'S',
        multiple: true,
        also: ['status'],
        help: 'only jobs in this state (a,b for several; active, ended)',
      },
      {
        name: 'asset',
        value: 'A',
        multiple: true,
        help: 'only jobs of this asset (orders* or a,b for several; a name with commas in "…")',
      },
      { name: 'sort', value: 'C', help: 'by this column of the table; -C the other way round' },
      { name: 'limit', value: 'N', help: 'at most so many (default 100)' },
    ],
    examples: [
      ['list --state running', 'what runs now'],
      ["list risk:at-risk 'priority:<4' sla:none,later-than:3f2a '!test'", 'as in the console'],
      ['list state:failed --sort=-age', 'the newest first'],
      ["list --asset 'orders*' --json | jq '.jobs[].id'", 'ids for a script'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 100 },
  },
  json: () => import('./list-json.ts'),
  read(input, flags, problems) {
    const filter = parseFilter(input.join(' '));
    problems.push(...filter.problems.map((message) => ({ message })));
    return {
      filter,
      sort: readSort(flags.text('sort'), problems),
      states: readStates(flags.texts('state'), problems),
      limit: readLimit(flags.text('limit'), defaultLimit, problems),
      assets: flags.texts('asset').flatMap(alternativesOf),
      budget,
    };
  },
  async run(request, { reader, tenant, thresholds, settings, io, view }) {
    const { countLimit, listJobs } = await import('../../operations/jobs/list-jobs.ts');
    const { page, ...jobs } = await listJobs(reader, tenant, { ...request, thresholds });
    if (page.problem !== null) throw new ServoError('not_found', page.problem);
    if (page.sort.column !== request.sort.column) {
      throw new ServoError('usage', `too many jobs to sort them by ${request.sort.column}`, {
        hint: `of any number of jobs by ${walkedColumns.join(', ')}; by the rest where a filter leaves at most 1,000`,
      });
    }
    if (page.searched !== null) {
      const searched = page.searched.toLocaleString('en');
      io.stderr.write(`only the newest ${searched} jobs of each state were searched\n`);
    }
    const { visible } = page;
    const capped = Object.keys(jobs.counts).filter((state) => jobs.counts[state]! >= countLimit);
    // The built-in database's own tenant cannot be misspelt.
    const unseen = !visible && settings.origins.tenant !== 'default';
    if (unseen) {
      const { noVisibilityText } = await import('../../app/visibility.ts');
      io.stderr.write(`${noVisibilityText(jobs.tenant_id)}\n`);
    }
    return {
      json: { ...jobs, counts_truncated: capped, visible },
      text: async () => (await import('./job-text.ts')).jobTable(jobs, view),
      exit: unseen ? exitCodes.no_visibility : 0,
    };
  },
});

function readStates(texts: readonly string[], problems: Problem[]): string[] | null {
  if (texts.length === 0) return null;
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim().toLowerCase());
  return words.flatMap((word) => {
    if (Object.hasOwn(groups, word)) return groups[word]!;
    if (!(jobStates as readonly string[]).includes(word)) {
      problems.push(unknownValue('state', word, [...jobStates, ...Object.keys(groups)]));
    }
    return [word];
  });
}

function readSort(text: string | undefined, problems: Problem[]): Sort {
  if (text === undefined) return byAttention;
  const column = text.replace(/^-/, '').toLowerCase();
  if (!sortColumns.includes(column)) problems.push(unknownValue('column', column, sortColumns));
  return { column, descending: text.startsWith('-') };
}
