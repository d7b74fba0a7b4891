import { parseFilter } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { byAttention } from '../../domain/job/order.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { formatFullCount, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { searchLimitText } from '../../presentation/triage/search-limit.ts';
import { type ActionName, actionNames, actionOf } from '../actions.ts';
import { isOpen } from '../run-items.ts';
import { tableLimit } from '../state.ts';
import { openQuestion } from './acting.ts';
import { type Clock, jobLine, nameOf } from './job-lines.ts';
import { goOn, stopRun } from './running.ts';
import type { PlainState, PlainStep } from './state.ts';

export const hint = 'Type help for the commands, quit to leave.';

type Command = {
  name: string;
  usage: string;
  about: string;
  run: (state: PlainState, rest: string, at: number) => PlainStep;
};

/** `asks for priority, deadline, a reason and confirmation`. */
function aboutOf(name: ActionName): string {
  const fields = actionOf(name).fields.map(({ label }) => `${label.toLowerCase()}, `);
  return `asks for ${fields.join('')}a reason and confirmation`;
}

const filterWords = 'state:running asset:orders* priority:<4 problems !test';

const commands: readonly Command[] = [
  {
    name: 'list',
    usage: 'list [FILTER]',
    about: `list jobs, one per line; FILTER: ${filterWords}`,
    run: askList,
  },
  { name: 'status', usage: 'status JOB', about: 'show one job', run: onJob('status') },
  ...actionNames.map((name) => ({
    name,
    usage: `${name} JOB`,
    about: aboutOf(name),
    run: onJob(name),
  })),
  {
    name: 'all',
    usage: 'all ACTION FILTER',
    about: 'ACTION on every matching job: lists them, and asks for their number',
    run: askPlan,
  },
  {
    name: 'stop',
    usage: 'stop',
    about: 'stop an action on several jobs after the current one',
    run: stopRun,
  },
  {
    name: 'continue',
    usage: 'continue',
    about: 'continue an action that was stopped',
    run: (state, _, at) => goOn(state, at),
  },
  { name: 'alerts', usage: 'alerts', about: 'list firing alerts', run: listAlerts },
  {
    name: 'help',
    usage: 'help',
    about: 'show this list; JOB is the beginning of an id, or an asset',
    run: (state) => ({ state, lines: commands.map(({ usage, about }) => `${usage}: ${about}`) }),
  },
  { name: 'quit', usage: 'quit', about: 'leave the console', run: quit },
];

export function commandLine(state: PlainState, text: string, at: number): PlainStep {
  if (text === '') return { state };
  const [word = '', ...rest] = text.split(/\s+/);
  const command = commands.find(({ name }) => name === word.toLowerCase());
  if (command !== undefined) return command.run(state, rest.join(' '), at);
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  );
  const advice = near === null ? hint : `Did you mean ${near}?`;
  return { state, lines: [`Unknown command "${safeText(word, { cap: 60 })}". ${advice}`] };
}

/** Leaving must not leave an action's outcome unknown. */
function quit(state: PlainState): PlainStep {
  if (state.run !== null && isOpen(state.run)) {
    return {
      state,
      lines: ['An action on several jobs is still running: stop ends it, Ctrl-C leaves anyway.'],
    };
  }
  return state.acting > 0
    ? { state, lines: ['The database has not answered yet: Ctrl-C leaves anyway.'] }
    : { state, effects: [{ type: 'exit', code: 0 }] };
}

function askList(state: PlainState, filter: string): PlainStep {
  const { problems } = parseFilter(filter);
  if (problems.length > 0) return { state, lines: problems };
  return {
    state,
    effects: [
      {
        type: 'data',
        effect: {
          type: 'load-jobs',
          filter,
          sort: byAttention,
          around: 'first',
          limit: tableLimit,
          whole: tableLimit,
          keep: [],
          total: true,
        },
      },
    ],
  };
}

export function listLines({ jobs, page }: JobPage, clock: Clock): string[] {
  const beyond = page.total === null || page.total.count > jobs.length;
  const total = page.total === null ? 'more' : formatFullCount(page.total.count);
  const count = page.whole
    ? `${plural(jobs.length, 'job')}${searchLimitText(page)}.`
    : beyond
      ? `The first ${plural(jobs.length, 'job')} of ${total}${page.total?.capped === true ? ' or more' : ''}.`
      : `${plural(jobs.length, 'job')}.`;
  return [
    ...(page.problem === null ? [] : [`${safeText(page.problem, { cap: 300 })}.`]),
    ...jobs.map((job) => jobLine(job, clock)),
    count,
  ];
}

function askPlan(state: PlainState, rest: string): PlainStep {
  const [word = '', ...filter] = rest.split(/\s+/);
  const name = actionNames.find((one) => one === word.toLowerCase());
  if (name === undefined) {
    return { state, lines: [`Missing action: all ACTION FILTER, with ${actionNames.join(', ')}`] };
  }
  const text = filter.join(' ');
  if (text === '')
    return { state, lines: [`Missing filter: all ${name} FILTER, e.g. ${filterWords}`] };
  const { problems } = parseFilter(text);
  if (problems.length > 0) return { state, lines: problems };
  return {
    state: { ...state, wanted: { command: name, rest: text } },
    effects: [{ type: 'data', effect: { type: 'plan-jobs', filter: text } }],
  };
}

function onJob(command: string): Command['run'] {
  return (state, rest, at) => {
    if (rest === '') return { state, lines: [`Missing job: ${command} JOB`] };
    const wanted = rest.toLowerCase();
    const jobs = [...state.jobs.values()];
    const byId = jobs.filter(({ id }) => id.startsWith(wanted));
    const found = byId.length > 0 ? byId : jobs.filter(({ asset_name }) => asset_name === rest);
    if (found.length === 1) return withJob(state, command, found[0]!, at);
    if (found.length > 1) {
      return { state, lines: ['Several jobs match:', ...found.map(nameOf)] };
    }
    return {
      state: { ...state, wanted: { command, rest } },
      effects: [{ type: 'data', effect: { type: 'find-job', reference: rest } }],
    };
  };
}

export function withJob(state: PlainState, command: string, job: JobView, at: number): PlainStep {
  return command === 'status'
    ? { state, lines: [jobLine(job, clockOf(state))] }
    : openQuestion(state, command as ActionName, job, at);
}

function listAlerts(state: PlainState): PlainStep {
  const names = [...(state.firing ?? [])];
  if (state.firing === null) return { state, lines: ['The alerts are not loaded yet.'] };
  return { state, lines: names.length === 0 ? ['No alerts are firing.'] : names.map(fires) };
}

export function fires(name: string): string {
  return `Alert ${name} is firing.`;
}

export function clockOf({ as_of, zone }: PlainState): Clock {
  return { as_of: as_of ?? new Date(0), zone };
}
