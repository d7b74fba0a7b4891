import { actionRules } from '../domain/action.ts';
import type { ActionResult } from '../domain/job-detail.ts';
import { formatFullCount, plural } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import { actionOf } from './actions.ts';
import type { Act, DataAnswer, Failure } from './effects.ts';
import type { Told } from './follow.ts';
import { isStale, refresh } from './loading.ts';
import { noticed } from './notice.ts';
import type { Card, Run, RunItem, State, Step } from './state.ts';

/** Begins what the card has planned: one job after the other, each bound to what the plan saw. */
export function startRun(state: State, card: Card, told: Told): Step {
  const reason = card.values.reason.trim();
  const run: Run = {
    plan: { id: card.plan!.id, created_at: card.plan!.created_at },
    name: card.name,
    reason: reason === '' ? null : reason,
    parameters: told.parameters,
    items: card.plan!.jobs.map(({ job, refusal }) => ({
      job,
      result: refusal === null ? null : skipped(job, refusal),
      lost: false,
    })),
    request: null,
    stopped: null,
  };
  const opened = { ...state, run, marks: new Set<string>(), range: null, notice: null };
  return next({ ...opened, overlay: { type: 'run', top: 0 } });
}

function skipped({ id, state, version }: RunItem['job'], refusal: string): ActionResult {
  return { id, result: 'skipped', state, version, message: refusal };
}

/** Whether something is still to be done, or to be answered. */
export function isRunOpen({ run }: State): boolean {
  return run?.items.some(({ result }) => result === null) ?? false;
}

/** Sends the next job that has no result. One whose answer was lost goes again: the plan does nothing twice. */
function next(state: State): Step {
  const { run } = state;
  const item = run?.items.find(({ result }) => result === null);
  if (run === null || item === undefined) return refresh(state);
  const { action } = actionOf(run.name);
  const { id, state: was, version, priority, sla_deadline_at, execution_strategy } = item.job;
  const effect: Act = {
    type: 'act',
    action,
    id,
    state: was,
    version,
    reason: run.reason,
    plan: run.plan,
    ...(actionRules[action].parameters.length === 0
      ? {}
      : {
          parameters: run.parameters,
          settings: { priority, sla_deadline_at, execution_strategy },
        }),
  };
  const request = state.next_request;
  return [
    { ...state, run: { ...run, request, stopped: null }, next_request: request + 1 },
    [{ type: 'data', request, effect }],
  ];
}

export function runAnswered(state: State, answer: DataAnswer): Step {
  const { run } = state;
  if (run === null) return [state, []];
  const at = run.items.findIndex(({ result }) => result === null);
  const item = run.items[at];
  if (item === undefined) return [state, []];
  if (answer.type === 'failure' && answer.failure.code === 'database_unreachable') {
    return stopped(changed(state, run, at, { ...item, lost: true }), answer.failure);
  }
  const result =
    answer.type === 'acted'
      ? resultOf(item, answer.result)
      : failed(item, answer.type === 'failure' ? answer.failure.message : 'no answer');
  const after = changed(state, run, at, { ...item, result, lost: false });
  return after.run!.stopped === null ? next(after) : [after, []];
}

/** What an earlier sending of the same plan has done, whose answer was lost, is applied. */
function resultOf({ lost }: RunItem, result: ActionResult): ActionResult {
  if (!(lost && result.already)) return result;
  return { ...result, result: 'applied', message: 'done; its answer had been lost' };
}

function failed({ job: { id, state, version } }: RunItem, message: string): ActionResult {
  return { id, result: 'failed', state, version, message };
}

function changed(state: State, run: Run, at: number, item: RunItem): State {
  return { ...state, run: { ...run, request: null, items: run.items.with(at, item) } };
}

function stopped(state: State, failure: Failure): Step {
  return [{ ...state, run: { ...state.run!, stopped: failure } }, []];
}

/** Stops after the job that is on its way; `goOn` goes on with the rest. */
export function stopRun(state: State): Step {
  const { run } = state;
  if (run === null || !isRunOpen(state) || run.stopped !== null) return [state, []];
  return [{ ...state, run: { ...run, stopped: 'by hand' } }, []];
}

/** Only the operator's word makes a run go on, and only once the database answers again. */
export function goOn(state: State): Step {
  const lacking = whyNotGoOn(state);
  return lacking === null ? next(state) : noticed(state, lacking, 'warn');
}

export function whyNotGoOn(state: State): string | null {
  const { run } = state;
  if (run === null || !isRunOpen(state)) return 'the run is at its end';
  if (run.stopped === null) return 'the run is under way';
  if (run.request !== null) return 'the last job is still on its way';
  return isStale(state) ? 'the database does not answer yet' : null;
}

export function openRun(state: State): Step {
  return [{ ...state, overlay: { type: 'run', top: 0 } }, []];
}

/** `pause: 7 of 24 done`, and at the end what became of all of them. */
export function runText({ run }: State): string {
  if (run === null) return '';
  const { items, stopped: why } = run;
  const count = (result: ActionResult['result']) =>
    items.filter((item) => item.result?.result === result).length;
  const left = items.filter(({ result }) => result === null).length;
  const parts = (['applied', 'skipped', 'failed'] as const).flatMap((result) =>
    count(result) > 0 ? [`${formatFullCount(count(result))} ${result}`] : [],
  );
  if (left > 0) parts.push(`${formatFullCount(left)} left`);
  const text = `${run.name} ${plural(items.length, 'job')}: ${parts.join(', ')}`;
  if (left === 0 || why === null) return text;
  return why === 'by hand' ? `${text} · stopped` : `${text} · stopped: ${safeText(why.message)}`;
}

type Pressed = { key: string; rows: number };

/** In the list of results: it scrolls, and is closed; `y` goes on where the run has stopped. */
export function runKey(state: State, top: number, { key, rows }: Pressed): Step {
  const last = Math.max(0, (state.run?.items.length ?? 0) - rows);
  const page = Math.max(1, rows - 1);
  const moves: Record<string, number> = {
    down: top + 1,
    j: top + 1,
    up: top - 1,
    k: top - 1,
    'page-down': top + page,
    'page-up': top - page,
    home: 0,
    g: 0,
    end: last,
    G: last,
  };
  const to = moves[key];
  if (to !== undefined) {
    const overlay = { type: 'run' as const, top: Math.min(Math.max(0, to), last) };
    return [{ ...state, overlay }, []];
  }
  if (key === 'y') return goOn(state);
  if (key === 'S') return stopRun(state);
  if (key !== 'escape' && key !== 'q' && key !== 'enter') return [state, []];
  // What is at its end has been read.
  return [{ ...state, overlay: null, run: isRunOpen(state) ? state.run : null }, []];
}
