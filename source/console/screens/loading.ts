import type { JobDetail } from '../../domain/job/detail.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { remainingWhatIf } from '../../domain/risk/what-if.ts';
import { isJustPaced, withCost } from '../background/cost.ts';
import { refreshReader } from '../dialogs/reader/state.ts';
import { ask, asked, chain, silenceMs, unasked } from '../model/asking.ts';
import { withBoardData } from '../model/board-order.ts';
import type { Board } from '../model/boards.ts';
import type { BoardAnswer, Effect, Failure } from '../model/effects.ts';
import { arrangeAfterData } from '../model/job-rows.ts';
import { isStale, linkUp } from '../model/link.ts';
import { noticeEffects } from '../model/notice.ts';
import { countedOf, firstOf, isAnswered, isNearEdge, jobsQuestion } from '../model/paging.ts';
import { present } from '../model/present.ts';
import type { JobsScreen, Question, State, Step } from '../model/state.ts';
import { isHalfRead, withDetail } from './job/loading.ts';
import { screenOf } from './table.ts';

/**
 * Waits between attempts while the database is away, doubled each time up to this. An operator is
 * waiting, and an attempt costs a starting server next to nothing.
 */
const longestRetryMs = 2000;
const firstRetryMs = 500;

export function refresh(state: State): Step {
  return chain(refreshScreen(state), refreshReader);
}

function refreshScreen(state: State): Step {
  const { ask, unread } = screenOf(state);
  // A screen opened while the data is frozen is read once.
  return state.frozen_at === null || unread(state) ? ask(state) : [state, []];
}

export function refreshNow(state: State): Step {
  const { asker } = present(state);
  const open = asked(state, asker);
  const overdue = open !== null && state.at - open.asked_at >= silenceMs;
  return refresh(overdue ? unasked(state, asker) : state);
}

export function listLoaded(state: State, list: JobPage, question: Question): Step {
  if (state.frozen_at !== null) return [state, []];
  const before = state.jobs;
  const loaded: JobsScreen = {
    ...before,
    list,
    received_at: state.at,
    first: firstOf(list, before),
    counted: countedOf(list, before, state.at),
    late: list.page.late ?? before.late,
  };
  const up = answerReceived({ ...state, jobs: loaded }, question);
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

export function jobLoaded(state: State, detail: JobDetail, question: Question): Step {
  const open = state.job;
  const up = answerReceived(state, question);
  const frozen = state.frozen_at !== null && open !== null && !isHalfRead(open);
  if (open === null || open.id !== detail.job.id || frozen) return [up, nextRefresh(up)];
  const job = withDetail(open, detail, state.at);
  const shown = { ...up, job };
  if (!isHalfRead(job)) return [shown, nextRefresh(up)];
  const [next, effects] = refreshScreen(shown);
  return [next, [...nextRefresh(up), ...effects]];
}

export function boardLoaded(state: State, { board, data }: BoardAnswer, question: Question): Step {
  const up = answerReceived(state, question);
  const old = up.boards[board];
  if (state.frozen_at !== null && old.data !== null) return [up, []];
  const what = remainingWhatIf(old.what, data.jobs);
  const loaded = withBoardData(up, board, old as Board, data, { what });
  return [{ ...up, boards: { ...up.boards, [board]: loaded } }, nextRefresh(up)];
}

export function loadFailed(state: State, failure: Failure, { asker }: Question): Step {
  if (failure.code === 'not_found' && asker === 'job' && state.job !== null) {
    const up = connected({ ...state, job: { ...state.job, gone: true } });
    return [up, nextRefresh(up)];
  }
  const attempts = state.link.failed_attempts + 1;
  const link = {
    ...state.link,
    failure,
    down_since: state.link.down_since ?? state.at,
    failed_attempts: attempts,
    silent_since: null,
  };
  const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 10));
  return [
    { ...state, link },
    [
      { type: 'timer', name: 'refresh', after_ms: wait },
      { type: 'timer', name: 'clock', after_ms: 1000 },
    ],
  ];
}

/** The clock runs only while old data is shown: no answer, a lost connection, frozen data. */
export function clockTicked(state: State): Step {
  const open = asked(state, present(state).asker);
  const silent = open !== null && state.at - open.asked_at >= silenceMs;
  const link = silent ? { ...state.link, silent_since: open.asked_at } : state.link;
  const needed = silent || open !== null || link.down_since !== null || state.frozen_at !== null;
  return [{ ...state, link }, needed ? [{ type: 'timer', name: 'clock', after_ms: 1000 }] : []];
}

function answerReceived(state: State, { asked_at }: Question): State {
  return connected(withCost(state, state.at - asked_at));
}

/** A dialog's hint about a lost database is no longer true. */
function connected(state: State): State {
  const { overlay } = state;
  const said = isStale(state) && overlay?.type === 'card';
  return {
    ...state,
    ...(said ? { overlay: { ...overlay, hint: null } } : {}),
    link: linkUp,
  };
}

function nextRefresh(state: State): readonly Effect[] {
  const after_ms = Math.max(screenOf(state).interval(state), state.cost.pace_ms);
  const next: Effect = { type: 'timer', name: 'refresh', after_ms };
  const notice = isJustPaced(state) ? noticeEffects : [];
  return state.frozen_at === null
    ? [next, { type: 'stop-timer', name: 'clock' }, ...notice]
    : notice;
}
