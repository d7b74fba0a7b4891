import { parseFilter } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { byAttention } from '../../domain/job/order.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { formatFullCount, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { searchLimitText } from '../../presentation/triage/search-limit.ts';
import { askMatching, whyNoPlan } from '../dialogs/card/planning.ts';
import { openCard, whyNot } from '../dialogs/card/state.ts';
import { goOn, runText, stopRun, whyNotGoOn } from '../dialogs/run/state.ts';
import { type ActionName, actionNames, actionOf } from '../model/actions.ts';
import { jobsRead } from '../model/paging.ts';
import { isRunOpen } from '../model/run-items.ts';
import { type State, tableLimit } from '../model/state.ts';
import { quit } from '../screens/navigate.ts';
import { type Clock, clockOf, jobLine, nameOf } from './job-lines.ts';
import type { Plain } from './lines.ts';
import { fires, firing } from './news.ts';

/** Lines to print; what it changes in the state is printed as well. */
type Run = (view: Plain, rest: string) => readonly string[];
type Command = { name: string; usage: string; about: string; run: Run };

export const hint = 'Type help for the commands, quit to leave.';
const filterWords = 'state:running asset:orders* priority:<4 problems !test';

const commands: readonly Command[] = [
  command('list [FILTER]', `list jobs, one per line; FILTER: ${filterWords}`, list),
  command('status JOB', 'show one job', onJob('status', status)),
  ...actionNames.map((name) => command(`${name} JOB`, aboutOf(name), onJob(name, act(name)))),
  command(
    'all ACTION FILTER',
    'ACTION on every matching job: lists them, and asks for their number',
    all,
  ),
  command('stop', 'stop an action on several jobs after the current one', ({ state, run }) => {
    if (!isRunOpen(state)) return ['No action is running.'];
    return state.run?.stopped === null ? run(stopRun) : [`${runText(state)}.`];
  }),
  command('continue', 'continue an action that was stopped', ({ state, run }) => {
    const reason = whyNotGoOn(state);
    return reason === null ? run(goOn) : [`Not now: ${reason}.`];
  }),
  command('alerts', 'list firing alerts', ({ state }) => {
    const names = firing(state);
    if (names === null) return ['The alerts are not loaded yet.'];
    return names.length === 0 ? ['No alerts are firing.'] : names.map(fires);
  }),
  command('help', 'show this list; JOB is the beginning of an id, or an asset', () =>
    commands.map(({ usage, about }) => `${usage}: ${about}`),
  ),
  command('quit', 'leave the console', ({ run }) => run(quit)),
];

function command(usage: string, about: string, run: Run): Command {
  return { name: usage.split(' ')[0]!, usage, about, run };
}

/** `asks for priority, deadline, a reason and confirmation`. */
function aboutOf(name: ActionName): string {
  const fields = actionOf(name).fields.map(({ label }) => `${label.toLowerCase()}, `);
  return `asks for ${fields.join('')}a reason and confirmation`;
}

export function runCommand(view: Plain, text: string): readonly string[] {
  if (text === '') return [];
  const [word = '', ...rest] = text.split(/\s+/);
  const wanted = commands.find(({ name }) => name === word.toLowerCase());
  if (wanted !== undefined) return wanted.run(view, rest.join(' '));
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  );
  const advice = near === null ? hint : `Did you mean ${near}?`;
  return [`Unknown command "${safeText(word, { cap: 60 })}". ${advice}`];
}

type OnJob = (view: Plain, job: JobView, received_at: number) => readonly string[];

/** Finds the job by the beginning of its id or by its asset: among those read, else by asking. */
function onJob(name: string, then: OnJob): Run {
  return (view, rest) => {
    if (rest === '') return [`Missing job: ${name} JOB`];
    const { jobs } = view.state;
    const byId = jobsRead(jobs).filter(({ id }) => id.startsWith(rest.toLowerCase()));
    const ofAsset = jobsRead(jobs).filter(({ asset_name }) => asset_name === rest);
    const found = byId.length > 0 ? byId : ofAsset;
    if (found.length > 1) return ['Several jobs match:', ...found.map(nameOf)];
    if (found.length === 1) return then(view, found[0]!, jobs.received_at ?? view.at);
    return view.ask({ type: 'find-job', reference: rest }, (answer) =>
      answer.type === 'found' ? then(view, answer.job, view.at) : [],
    );
  };
}

function status({ state }: Plain, job: JobView): readonly string[] {
  return [jobLine(job, clockOf(state))];
}

function act(name: ActionName): OnJob {
  return ({ state, run }, job, received_at) => {
    const as_of = state.jobs.list?.as_of ?? job.created_at;
    const target = { job, gone: false, as_of, received_at };
    const reason = whyBusy(state) ?? whyNot(state, name, target);
    if (reason !== null) return [`${nameOf(job)}: ${reason}`];
    return run((now) => openCard(now, name, target));
  };
}

/** Lines answer one question at a time. */
function whyBusy(state: State): string | null {
  if (isRunOpen(state)) return 'an action on several jobs is still running';
  if (state.planning !== null) return 'the jobs of another action are loading';
  return state.overlay === null ? null : 'another question is open';
}

function all({ state, run }: Plain, rest: string): readonly string[] {
  const [word = '', ...words] = rest.split(/\s+/);
  const name = actionNames.find((one) => one === word.toLowerCase());
  if (name === undefined)
    return [`Missing action: all ACTION FILTER, with ${actionNames.join(', ')}`];
  const filter = words.join(' ');
  if (filter === '') return [`Missing filter: all ${name} FILTER, e.g. ${filterWords}`];
  const { problems } = parseFilter(filter);
  const reason = whyBusy(state) ?? whyNoPlan(state);
  if (problems.length > 0) return problems;
  return reason === null ? run((now) => askMatching(now, name, filter)) : [`${reason}.`];
}

function list(view: Plain, filter: string): readonly string[] {
  const { problems } = parseFilter(filter);
  if (problems.length > 0) return problems;
  const [limit, sort] = [tableLimit, byAttention];
  const first = { sort, around: 'first', limit, whole: limit, keep: [], total: true } as const;
  return view.ask({ type: 'load-jobs', filter, ...first }, (answer) =>
    answer.type === 'jobs'
      ? listLines(answer.list, { ...clockOf(view.state), as_of: answer.list.as_of })
      : [],
  );
}

function listLines({ jobs, page }: JobPage, clock: Clock): string[] {
  const { total, whole, problem } = page;
  const of = total === null ? 'more' : formatFullCount(total.count);
  const more = total?.capped ? ' or more' : '';
  const all = whole || (total !== null && total.count <= jobs.length);
  const count = plural(jobs.length, 'job');
  return [
    ...(problem === null ? [] : [`${safeText(problem, { cap: 300 })}.`]),
    ...jobs.map((job) => jobLine(job, clock)),
    all ? `${count}${whole ? searchLimitText(page) : ''}.` : `The first ${count} of ${of}${more}.`,
  ];
}
