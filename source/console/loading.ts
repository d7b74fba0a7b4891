import type { JobDetail } from '../domain/job/detail.ts';
import type { JobPage } from '../domain/job/page.ts';
import { isNoChange, remainingWhatIf } from '../domain/risk/what-if.ts';
import { arrangeAfterData } from './arrange.ts';
import { withBoardData } from './board-order.ts';
import { type Board, boardInterval, isBoard } from './boards.ts';
import { isJustPaced, withCost } from './cost.ts';
import type { BoardAnswer, DataAnswer, DataEffect, Effect, Failure } from './effects.ts';
import { isHalfRead, jobRequest, withDetail } from './job-loading.ts';
import { noticeEffects } from './notice.ts';
import { countedOf, firstOf, isAnswered, isNearEdge, jobsQuestion } from './paging.ts';
import { refreshReader } from './reading.ts';
import type { JobScreen, JobsScreen, Question, State, Step } from './state.ts';

/** An answer later than this is shown as missing. */
export const silenceMs = 3000;
/**
 * Waits between attempts while the database is away, doubled each time up to this. An operator is
 * waiting, and an attempt costs a starting server next to nothing.
 */
const longestRetryMs = 2000;
const firstRetryMs = 500;

type View = keyof State['asked'];

export function refresh(state: State): Step {
  const [next, effects] = refreshScreen(state);
  const [asked, more] = refreshReader(next);
  return [asked, [...effects, ...more]];
}

function refreshScreen(state: State): Step {
  // A screen opened while the data is frozen is read once.
  if (state.frozen_at !== null && !isUnread(state)) return [state, []];
  if (isBoard(state.screen))
    return ask(state, 'board', { type: 'load-board', board: state.screen, check: state.check });
  return state.screen === 'job' && state.job !== null
    ? askForJob(state, state.job)
    : ask(state, 'jobs', jobsQuestion(state));
}

function isUnread({ screen, job, boards }: State): boolean {
  if (isBoard(screen)) return boards[screen].data === null;
  return screen === 'job' && job !== null && isHalfRead(job);
}

export function presentView({ screen }: State): 'jobs' | 'job' | 'board' {
  if (isBoard(screen)) return 'board';
  return screen === 'job' ? 'job' : 'jobs';
}

export function refreshNow(state: State): Step {
  const view = presentView(state);
  const open = state.asked[view];
  const overdue = open !== null && state.at - open.asked_at >= silenceMs;
  return refresh(overdue ? { ...state, asked: { ...state.asked, [view]: null } } : state);
}

function askForJob(state: State, open: JobScreen): Step {
  if (state.asked.job !== null) return [state, []];
  const [job, effect] = jobRequest(open, state.at);
  return ask({ ...state, job }, 'job', effect);
}

/** The header counts alerts on every screen; they are read less often than the rest. */
const alertsMs = 15_000;
/**
 * A missing executor is shown on every screen, and must not be shown long after one has started.
 */
const noExecutorMs = 3000;

export function askAlerts(state: State): Step {
  const again: Effect = { type: 'timer', name: 'alerts', after_ms: alertsMs };
  if (state.frozen_at !== null) return [state, [again]];
  const [next, effects] = ask(state, 'alerts', {
    type: 'load-board',
    board: 'alerts',
    check: null,
  });
  return [next, [...effects, again]];
}

/** The header counts jobs on every screen; only the job table reads them anyway. */
const countsMs = 5000;

export function askCounts(state: State): Step {
  const after_ms = Math.max(countsMs, state.cost.pace_ms);
  const again: Effect = { type: 'timer', name: 'counts', after_ms };
  const idle = state.screen === 'jobs' || state.frozen_at !== null || isStale(state);
  if (idle) return [state, [again]];
  const [next, effects] = ask(state, 'jobs', jobsQuestion(state));
  return [next, [...effects, again]];
}

export function countsFailed(state: State): Step {
  return [answered(state, 'jobs'), []];
}

/** A missing answer or a failure is ignored: the screen's own question reports it. */
export function alertsAnswered(state: State, answer: DataAnswer): Step {
  const free = answered(state, 'alerts');
  if (answer.type !== 'board' || answer.board !== 'alerts') return [free, []];
  const alerts = withBoardData(free, 'alerts', free.boards.alerts, answer.data);
  const { alive, silent } = answer.data.executors;
  const sooner: Effect = { type: 'timer', name: 'alerts', after_ms: noExecutorMs };
  const next = { ...free, boards: { ...free.boards, alerts } };
  return [next, alive === 0 || silent > 0 ? [sooner] : []];
}

/** Questions whose delay the screen does not show. */
const unseen: readonly View[] = [
  ...(['bells', 'watch', 'alerts', 'verify', 'dialogs', 'pane', 'tenants'] as const),
];

export function ask(state: State, view: View, effect: DataEffect): Step {
  if (state.asked[view] !== null) return [state, []];
  const request = state.next_request;
  const id = 'id' in effect ? effect.id : null;
  const question: Question = { request, asked_at: state.at, id };
  const next = { ...state, next_request: request + 1, asked: { ...state.asked, [view]: question } };
  const effects: Effect[] = [{ type: 'data', request, effect }];
  if (!unseen.includes(view)) effects.push({ type: 'timer', name: 'clock', after_ms: silenceMs });
  return [next, effects];
}

/** The view that waits for this request; null if none does: the answer is dropped. */
export function viewOf(state: State, request: number): View | null {
  const views = Object.keys(state.asked) as View[];
  return views.find((view) => state.asked[view]?.request === request) ?? null;
}

export function listLoaded(state: State, list: JobPage): Step {
  if (state.frozen_at !== null) return [answered(state, 'jobs'), []];
  const before = state.jobs;
  const loaded: JobsScreen = {
    ...before,
    list,
    received_at: state.at,
    first: firstOf(list, before),
    counted: countedOf(list, before, state.at),
    late: list.page.late ?? before.late,
  };
  const up = answerReceived({ ...state, jobs: loaded }, 'jobs');
  const arranged = { ...up, jobs: arrangeAfterData(up, before) };
  // On other screens only the header changes.
  if (state.screen !== 'jobs') return [arranged, []];
  const [next, effects] = seek(arranged);
  return [next, [...nextRefresh(arranged), ...effects]];
}

/** Asks if what is loaded is not what the operator wants to see. */
export function seek(state: State, moved = false): Step {
  const { screen, jobs, frozen_at } = state;
  if (screen !== 'jobs' || frozen_at !== null || isStale(state)) return [state, []];
  const wanting = !isAnswered(jobs) || (moved && isNearEdge(state));
  return wanting ? ask(state, 'jobs', jobsQuestion(state)) : [state, []];
}

export function jobLoaded(state: State, detail: JobDetail): Step {
  const open = state.job;
  const up = answerReceived(state, 'job');
  const frozen = state.frozen_at !== null && open !== null && !isHalfRead(open);
  if (open === null || open.id !== detail.job.id || frozen) return [up, nextRefresh(up)];
  const job = withDetail(open, detail, state.at);
  const shown = { ...up, job };
  if (!isHalfRead(job)) return [shown, nextRefresh(up)];
  const [next, effects] = refreshScreen(shown);
  return [next, [...nextRefresh(up), ...effects]];
}

export function boardLoaded(state: State, { board, data }: BoardAnswer): Step {
  const up = answerReceived(state, 'board');
  const old = up.boards[board];
  if (state.frozen_at !== null && old.data !== null) return [up, []];
  const what = isNoChange(old.what) ? old.what : remainingWhatIf(old.what, data.jobs);
  const loaded = withBoardData(up, board, old as Board, data, { what });
  return [{ ...up, boards: { ...up.boards, [board]: loaded } }, nextRefresh(up)];
}

export function loadFailed(state: State, view: View, failure: Failure): Step {
  const failed = answered(state, view);
  if (failure.code === 'not_found' && view === 'job' && failed.job !== null) {
    const up = connected({ ...failed, job: { ...failed.job, gone: true } });
    return [up, nextRefresh(up)];
  }
  const attempts = failed.link.failed_attempts + 1;
  const link = {
    ...failed.link,
    failure,
    down_since: failed.link.down_since ?? failed.at,
    failed_attempts: attempts,
    silent_since: null,
  };
  const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 10));
  return [
    { ...failed, link },
    [
      { type: 'timer', name: 'refresh', after_ms: wait },
      { type: 'timer', name: 'clock', after_ms: 1000 },
    ],
  ];
}

/** The clock runs only while old data is shown: no answer, a lost connection, frozen data. */
export function clockTicked(state: State): Step {
  const open = state.asked[presentView(state)];
  const silent = open !== null && state.at - open.asked_at >= silenceMs;
  const link = silent ? { ...state.link, silent_since: open.asked_at } : state.link;
  const needed = silent || open !== null || link.down_since !== null || state.frozen_at !== null;
  return [{ ...state, link }, needed ? [{ type: 'timer', name: 'clock', after_ms: 1000 }] : []];
}

export function receivedAt(state: State): number | null {
  if (isBoard(state.screen)) return state.boards[state.screen].received_at;
  return state.screen === 'job' ? (state.job?.received_at ?? null) : state.jobs.received_at;
}

export function isStale(state: State): boolean {
  return state.link.down_since !== null || state.link.silent_since !== null;
}

function answered(state: State, view: View): State {
  return { ...state, asked: { ...state.asked, [view]: null } };
}

/** A good answer, with what it cost. */
function answerReceived(state: State, view: View): State {
  const { asked_at } = state.asked[view] ?? { asked_at: state.at };
  return connected(withCost(answered(state, view), state.at - asked_at));
}

/** A dialog's hint about a lost database is no longer true. */
function connected(state: State): State {
  const { overlay } = state;
  const said = isStale(state) && overlay?.type === 'card';
  return {
    ...state,
    ...(said ? { overlay: { ...overlay, hint: null } } : {}),
    link: { failure: null, down_since: null, failed_attempts: 0, silent_since: null },
  };
}

function intervalOf({ screen, interval_ms, cost }: State): number {
  const wanted = isBoard(screen) ? boardInterval(screen, interval_ms) : interval_ms;
  return Math.max(wanted, cost.pace_ms);
}

function nextRefresh(state: State): readonly Effect[] {
  const next: Effect = { type: 'timer', name: 'refresh', after_ms: intervalOf(state) };
  const notice = isJustPaced(state) ? noticeEffects : [];
  return state.frozen_at === null
    ? [next, { type: 'stop-timer', name: 'clock' }, ...notice]
    : notice;
}
