import type { JobView } from '../../domain/job.ts';
import type { JobList } from '../../domain/job-detail.ts';
import { jobMatches, parseFilter } from '../../domain/job-filter.ts';
import { byAttention } from '../../domain/job-order.ts';
import type { JobPage } from '../../domain/job-page.ts';
import { isTerminal } from '../../domain/job-state.ts';
import { nearest } from '../../domain/nearest.ts';
import { plural } from '../../presentation/format.ts';
import { safeText } from '../../presentation/safe-text.ts';
import type { ActionName } from '../actions.ts';
import type { BoardData } from '../boards.ts';
import type { DataAnswer, DataEffect, Failure } from '../effects.ts';
import { answerQuestion, disarmed, openQuestion, plainActions, questionOf } from './acting.ts';
import { dialogLines, presenceAnswered, renew, withPresence } from './presence.ts';
import type { PlainEffect, PlainMessage, PlainState, PlainStep, PlainTimer } from './state.ts';
import { plainLimit } from './state.ts';
import { changeLines, jobLine, nameOf } from './words.ts';

/** How often the alerts are read, in milliseconds, and how long a lost database is left alone. */
const alertsMs = 15_000;
const lostMs = 3000;

const readAlerts: PlainEffect = {
  type: 'data',
  effect: { type: 'load-board', board: 'alerts', check: null },
};

/** The most urgent jobs, and of those that were told of what has not ended: how they end is worth telling. */
function readJobs({ jobs }: PlainState): PlainEffect {
  const living = [...jobs.values()].filter(({ state }) => !isTerminal(state));
  const keep = living.map(({ id }) => id).slice(0, 2 * plainLimit);
  return {
    type: 'data',
    effect: {
      type: 'load-jobs',
      filter: '',
      sort: byAttention,
      around: 'first',
      limit: plainLimit,
      whole: plainLimit,
      keep,
      total: false,
    },
  };
}

/** The whole plain console: what happened, what is told of it, and what to do. Pure and total. */
export function plainUpdate(state: PlainState, message: PlainMessage): PlainStep {
  return withPresence(state, handled(state, message));
}

function handled(state: PlainState, message: PlainMessage): PlainStep {
  switch (message.type) {
    case 'started':
      return {
        state,
        lines: [
          `servo-tui, tenant ${safeText(state.tenant)}. Changes are told as they come.`,
          hint,
        ],
        effects: [readJobs(state), readAlerts],
      };
    case 'timer':
      return timers[message.name](state);
    case 'line':
      return state.asking === null
        ? commandLine(state, message.text.trim(), message.at)
        : answerQuestion(state, state.asking, message.text, message.at);
    case 'answered':
      return answered(state, message.effect, message.answer, message.at);
  }
}

const timers: Readonly<Record<PlainTimer, (state: PlainState) => PlainStep>> = {
  refresh: (state) => ({ state, effects: [readJobs(state)] }),
  alerts: (state) => ({ state, effects: [readAlerts] }),
  presence: renew,
};

const hint = 'Type help for what can be typed, quit to leave.';

type Command = {
  name: string;
  usage: string;
  about: string;
  run: (state: PlainState, rest: string, at: number) => PlainStep;
};

const commands: readonly Command[] = [
  {
    name: 'list',
    usage: 'list [FILTER]',
    about: 'the jobs, a line for each: list state:running, list problems',
    run: listJobs,
  },
  { name: 'status', usage: 'status JOB', about: 'one job', run: onJob('status') },
  ...plainActions.map((name) => ({
    name,
    usage: `${name} JOB`,
    about: 'asks for a reason, and for yes',
    run: onJob(name),
  })),
  { name: 'alerts', usage: 'alerts', about: 'the alerts that fire', run: tellAlerts },
  {
    name: 'help',
    usage: 'help',
    about: 'this; JOB is the beginning of an id, or an asset',
    run: (state) => ({ state, lines: commands.map(({ usage, about }) => `${usage}: ${about}`) }),
  },
  {
    name: 'quit',
    usage: 'quit',
    about: 'leave',
    run: (state) => ({ state, effects: [{ type: 'exit', code: 0 }] }),
  },
];

function commandLine(state: PlainState, text: string, at: number): PlainStep {
  if (text === '') return { state };
  const [word = '', ...rest] = text.split(/\s+/);
  const command = commands.find(({ name }) => name === word.toLowerCase());
  if (command !== undefined) return command.run(state, rest.join(' '), at);
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  );
  const advice = near === null ? hint : `Did you mean ${near}?`;
  return { state, lines: [`There is no ${safeText(word, { cap: 60 })}. ${advice}`] };
}

function listJobs(state: PlainState, text: string): PlainStep {
  const filter = parseFilter(text);
  if (filter.problems.length > 0) return { state, lines: filter.problems };
  const all = [...state.jobs.values()];
  const deadlineOf = (named: string) => all.find(({ id }) => id.startsWith(named))?.sla_deadline_at;
  const found = all.filter((job) => jobMatches(filter, job, deadlineOf));
  const clock = clockOf(state);
  return {
    state,
    lines: [...found.map((job) => jobLine(job, clock)), `${plural(found.length, 'job')}.`],
  };
}

/** A command about one job: of those that are known, else as the database finds it. */
function onJob(command: string): Command['run'] {
  return (state, rest, at) => {
    if (rest === '') return { state, lines: [`Which job? ${command} JOB`] };
    const wanted = rest.toLowerCase();
    const jobs = [...state.jobs.values()];
    const byId = jobs.filter(({ id }) => id.startsWith(wanted));
    const found = byId.length > 0 ? byId : jobs.filter(({ asset_name }) => asset_name === rest);
    if (found.length === 1) return withJob(state, command, found[0]!, at);
    if (found.length > 1) {
      return { state, lines: ['Which of these?', ...found.map(nameOf)] };
    }
    return {
      state: { ...state, wanted: { command, rest } },
      effects: [{ type: 'data', effect: { type: 'find-job', reference: rest } }],
    };
  };
}

function withJob(state: PlainState, command: string, job: JobView, at: number): PlainStep {
  return command === 'status'
    ? { state, lines: [jobLine(job, clockOf(state))] }
    : openQuestion(state, command as ActionName, job, at);
}

function tellAlerts(state: PlainState): PlainStep {
  const names = [...(state.firing ?? [])];
  if (state.firing === null) return { state, lines: ['The alerts have not been read yet.'] };
  return { state, lines: names.length === 0 ? ['No alert fires.'] : names.map(fires) };
}

function fires(name: string): string {
  return `Alert ${name} fires.`;
}

function answered(
  state: PlainState,
  effect: DataEffect,
  answer: DataAnswer,
  at: number,
): PlainStep {
  if (effect.type === 'hold-dialog') return presenceAnswered(state, answer);
  if (effect.type === 'leave-dialog') return { state };
  switch (answer.type) {
    case 'jobs':
      return jobsRead(state, answer.list);
    case 'board':
      return answer.board === 'alerts' ? alertsRead(state, answer.data) : { state };
    case 'found': {
      const { wanted } = state;
      const free = { ...state, wanted: null };
      return wanted === null ? { state: free } : withJob(free, wanted.command, answer.job, at);
    }
    case 'acted': {
      const { result, message } = answer.result;
      return { state, lines: [`${result}: ${safeText(message, { cap: 1000 })}`] };
    }
    case 'failure':
      return failed(state, effect, answer.failure);
    default:
      return { state };
  }
}

/** The first reading tells how much there is, every other one what has changed. */
function jobsRead(before: PlainState, list: JobPage): PlainStep {
  // Those that others have pushed out of the most urgent ones are still followed to their end.
  const read = [...list.jobs, ...list.page.kept.filter(({ id }) => before.jobs.has(id))];
  const jobs = new Map(read.map((job) => [job.id, job]));
  const lost = disarmed(before, jobs);
  const state: PlainState = {
    ...(lost?.state ?? before),
    jobs,
    dialogs: list.page.dialogs,
    as_of: list.as_of,
    down: false,
  };
  const clock = clockOf(state);
  const changes = read.flatMap((job) => {
    const known = before.jobs.get(job.id);
    return known === undefined ? [`new: ${jobLine(job, clock)}`] : changeLines(known, job, clock);
  });
  const gone = list.truncated
    ? []
    : [...before.jobs.values()]
        .filter(({ id }) => !jobs.has(id))
        .map((job) => `${nameOf(job)} is no longer there`);
  const first = before.as_of === null;
  return {
    state,
    lines: [
      ...(before.down ? ['The database answers again.'] : []),
      ...(first ? [summary(list)] : [...changes, ...gone]),
      ...dialogLines(before, list),
      ...(lost?.lines ?? []),
    ],
    effects: [{ type: 'timer', name: 'refresh', after_ms: state.interval_ms }],
  };
}

function summary({ jobs, counts, truncated }: JobList): string {
  const states = Object.entries(counts)
    .filter(([, count = 0]) => count > 0)
    .map(([state, count]) => `${count} ${safeText(state.replace('_', ' '), { cap: 40 })}`);
  if (jobs.length === 0) return 'There are no jobs.';
  const followed = truncated ? ` The ${jobs.length} most urgent are followed.` : '';
  return `${states.join(', ')}.${followed}`;
}

function alertsRead(state: PlainState, { alerts }: BoardData['alerts']): PlainStep {
  const firing = new Set<string>(alerts.filter((alert) => alert.firing).map(({ name }) => name));
  const before = state.firing ?? new Set<string>();
  const begun = [...firing].filter((name) => !before.has(name)).map(fires);
  const over = [...before]
    .filter((name) => !firing.has(name))
    .map((name) => `Alert ${name} is over.`);
  return {
    state: { ...state, firing },
    lines: [...begun, ...over],
    effects: [{ type: 'timer', name: 'alerts', after_ms: alertsMs }],
  };
}

/** A lost database is told of once, and an action's lost answer always: what became of it is not known. */
function failed(state: PlainState, effect: DataEffect, failure: Failure): PlainStep {
  const { code, message, hint: advice } = failure;
  const text = safeText(advice === undefined ? message : `${message} (${advice})`, { cap: 500 });
  if (effect.type === 'act') {
    const unknown =
      code === 'database_unreachable' ? 'It is not known whether this was done: ' : '';
    return { state, lines: [`${unknown}${text}`] };
  }
  if (effect.type === 'find-job') return { state: { ...state, wanted: null }, lines: [text] };
  const name = effect.type === 'load-jobs' ? 'refresh' : 'alerts';
  const again: PlainEffect = {
    type: 'timer',
    name,
    after_ms: name === 'refresh' ? lostMs : alertsMs,
  };
  if (name === 'alerts' || state.down) return { state, effects: [again] };
  const asked = state.asking === null ? [] : [questionOf(state.asking)];
  return {
    state: { ...state, down: true },
    lines: [`The database does not answer: ${text}. Trying again.`, ...asked],
    effects: [again],
  };
}

function clockOf({ as_of, zone }: PlainState) {
  return { as_of: as_of ?? new Date(0), zone };
}
