import type { JobList } from '../../domain/job/detail.ts';
import { byAttention } from '../../domain/job/order.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { ActionName } from '../actions.ts';
import type { BoardData } from '../boards.ts';
import type { DataAnswer, DataEffect, Failure } from '../effects.ts';
import { tableLimit } from '../state.ts';
import { answerQuestion, disarmed, openPlan, questionOf, showRecent } from './acting.ts';
import { clockOf, commandLine, fires, hint, listLines, withJob } from './commands.ts';
import { changeLines, jobLine, nameOf } from './job-lines.ts';
import { announceDialog, dialogLines, dialogsAnswered, renew } from './other-dialogs.ts';
import { runAnswered } from './running.ts';
import type { PlainEffect, PlainMessage, PlainState, PlainStep, PlainTimer } from './state.ts';

const alertsMs = 15_000;
const lostMs = 3000;

const readAlerts: PlainEffect = {
  type: 'data',
  effect: { type: 'load-board', board: 'alerts', check: null },
};

/**
 * All jobs, or the most urgent; and followed jobs that have not ended, so that their end is
 * printed.
 */
function readJobs({ jobs }: PlainState): PlainEffect {
  const unfinished = [...jobs.values()].filter(({ state }) => !isTerminal(state));
  const keep = unfinished.map(({ id }) => id).slice(0, 2 * tableLimit);
  return {
    type: 'data',
    effect: {
      type: 'load-jobs',
      filter: '',
      sort: byAttention,
      around: 'first',
      limit: tableLimit,
      whole: tableLimit,
      keep,
      total: false,
    },
  };
}

/** The plain console: a message in, lines and effects out. Pure and total. */
export function plainUpdate(state: PlainState, message: PlainMessage): PlainStep {
  return announceDialog(state, handled(state, message));
}

function handled(state: PlainState, message: PlainMessage): PlainStep {
  switch (message.type) {
    case 'started':
      return {
        state,
        lines: [
          `servo-tui, tenant ${safeText(state.tenant)}. Changes are printed as they happen.`,
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
  dialogs: renew,
};

function answered(
  state: PlainState,
  effect: DataEffect,
  answer: DataAnswer,
  at: number,
): PlainStep {
  if (effect.type === 'announce-dialog') return dialogsAnswered(state, answer);
  if (effect.type === 'close-dialog') return { state };
  if (effect.type === 'act') return acted(state, effect.plan !== undefined, answer, at);
  switch (answer.type) {
    case 'jobs':
      return isListing(effect)
        ? { state, lines: listLines(answer.list, { as_of: answer.list.as_of, zone: state.zone }) }
        : jobsRead(state, answer.list);
    case 'board':
      return answer.board === 'alerts' ? alertsRead(state, answer.data) : { state };
    case 'found': {
      const { wanted } = state;
      const free = { ...state, wanted: null };
      return wanted === null ? { state: free } : withJob(free, wanted.command, answer.job, at);
    }
    case 'planned': {
      const { wanted } = state;
      const free = { ...state, wanted: null };
      if (wanted === null || state.asking !== null) return { state: free };
      return openPlan(free, wanted.command as ActionName, answer.plan, at);
    }
    case 'recent-events':
      return effect.type === 'load-recent-events'
        ? showRecent(state, effect.id, answer.events, answer.as_of)
        : { state };
    case 'failure':
      return failed(state, effect, answer.failure);
    default:
      return { state };
  }
}

/** The result of an action. A lost answer is reported as unknown. */
function acted(state: PlainState, ofRun: boolean, answer: DataAnswer, at: number): PlainStep {
  if (ofRun) return runAnswered(state, answer, at);
  const free = { ...state, acting: Math.max(0, state.acting - 1) };
  if (answer.type === 'acted') {
    const { result, message } = answer.result;
    return { state: free, lines: [`${result}: ${safeText(message, { cap: 1000 })}`] };
  }
  if (answer.type !== 'failure') return { state: free };
  const lost = answer.failure.code === 'database_unreachable';
  const unknown = lost ? 'Outcome unknown: ' : '';
  return { state: free, lines: [`${unknown}${failureText(answer.failure)}`] };
}

/** Only `list` asks for the total. */
function isListing(effect: DataEffect): boolean {
  return effect.type === 'load-jobs' && effect.total;
}

/** The first reading prints a summary, later ones what has changed. */
function jobsRead(before: PlainState, list: JobPage): PlainStep {
  // Followed jobs that are no longer among the most urgent.
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
        .map((job) => `${nameOf(job)} no longer exists`);
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
  if (jobs.length === 0) return 'No jobs.';
  const followed = truncated ? ` The ${jobs.length} most urgent are followed.` : '';
  return `${states.join(', ')}.${followed}`;
}

function alertsRead(state: PlainState, { alerts }: BoardData['alerts']): PlainStep {
  const firing = new Set<string>(alerts.filter((alert) => alert.firing).map(({ name }) => name));
  const before = state.firing ?? new Set<string>();
  const begun = [...firing].filter((name) => !before.has(name)).map(fires);
  const over = [...before]
    .filter((name) => !firing.has(name))
    .map((name) => `Alert ${name} is resolved.`);
  return {
    state: { ...state, firing },
    lines: [...begun, ...over],
    effects: [{ type: 'timer', name: 'alerts', after_ms: alertsMs }],
  };
}

function failureText({ message, hint: advice }: Failure): string {
  return safeText(advice === undefined ? message : `${message} (${advice})`, { cap: 500 });
}

/** A lost database is reported once; a command is answered in any case. */
function failed(state: PlainState, effect: DataEffect, failure: Failure): PlainStep {
  const text = failureText(failure);
  if (isListing(effect)) return { state, lines: [text] };
  if (effect.type === 'find-job' || effect.type === 'plan-jobs') {
    return { state: { ...state, wanted: null }, lines: [text] };
  }
  if (effect.type === 'load-recent-events') return { state };
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
    lines: [`No answer from the database: ${text}. Retrying.`, ...asked],
    effects: [again],
  };
}
