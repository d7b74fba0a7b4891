import type { ActionParameters } from '../../domain/job/action.ts';
import type { ActionResult } from '../../domain/job/detail.ts';
import { formatFullCount, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { actEffect, reasonOf } from './act-effect.ts';
import type { Act, DataAnswer } from './effects.ts';
import { keyFor } from './key-hints.ts';
import type { Card, CardPlan, Run, RunItem } from './overlay.ts';
import type { State } from './state.ts';

export function isOfChanges({ jobs }: CardPlan): boolean {
  return jobs.some(({ change }) => change !== undefined);
}

export function runOf(
  { name, values }: Pick<Card, 'name' | 'values'>,
  plan: CardPlan,
  parameters: ActionParameters,
): Run {
  return {
    plan: { id: plan.id, created_at: plan.created_at },
    name,
    reason: reasonOf(values.reason),
    parameters,
    items: plan.jobs.map(({ job, refusal, change }) => ({
      job,
      ...(change === undefined ? {} : { change }),
      result: refusal === null ? null : skipped(job, refusal),
      answer_lost: false,
    })),
    request: null,
    stopped: null,
  };
}

function skipped({ id, state, version }: RunItem['job'], refusal: string): ActionResult {
  return { id, result: 'skipped', state, version, message: refusal };
}

export function isOpen({ items }: Run): boolean {
  return items.some(({ result }) => result === null);
}

export function isRunOpen({ run }: State): boolean {
  return run !== null && isOpen(run);
}

export function whyRunOpen(state: State): string | null {
  if (!isRunOpen(state)) return null;
  return `an action on several jobs is still running: ${keyFor(state, 'run')} shows it`;
}

export function sentItem({ items, request }: Run): RunItem | null {
  return request === null ? null : (items.find(({ result }) => result === null) ?? null);
}

export const unconfirmed = 'sent, not confirmed yet';

/**
 * The next job without a result; null at the end. One whose answer was lost is sent again: the plan
 * does nothing twice.
 */
export function nextAct({ name, reason, parameters, plan, items }: Run): Act | null {
  const item = items.find(({ result }) => result === null);
  if (item === undefined) return null;
  const { job, change } = item;
  if (change === undefined) return { ...actEffect(name, job, reason, parameters), plan };
  const order = actEffect(change.name, job, reason, change.parameters);
  return { ...order, plan: { ...plan, step: change.name } };
}

/** The run after an answer; stopped if the database was lost. */
export function afterAnswer(run: Run, answer: DataAnswer): Run {
  const at = run.items.findIndex(({ result }) => result === null);
  const item = run.items[at];
  if (item === undefined) return run;
  const answered = { ...run, request: null };
  if (answer.type === 'failure' && answer.failure.code === 'database_unreachable') {
    return {
      ...answered,
      items: run.items.with(at, { ...item, answer_lost: true }),
      stopped: answer.failure,
    };
  }
  const result =
    answer.type === 'acted'
      ? resultOf(item, answer.result)
      : failed(item, answer.type === 'failure' ? answer.failure.message : 'no answer');
  return { ...answered, items: run.items.with(at, { ...item, result, answer_lost: false }) };
}

/** Done by an earlier send of the same plan whose answer was lost: applied. */
function resultOf({ answer_lost }: RunItem, result: ActionResult): ActionResult {
  if (!(answer_lost && result.already)) return result;
  return { ...result, result: 'applied', message: 'done (the first answer was lost)' };
}

function failed({ job: { id, state, version } }: RunItem, message: string): ActionResult {
  return { id, result: 'failed', state, version, message };
}

export function runSummary({ name, items, stopped: why }: Run): string {
  const count = (result: ActionResult['result']) =>
    items.filter((item) => item.result?.result === result).length;
  const left = items.filter(({ result }) => result === null).length;
  const parts = (['applied', 'skipped', 'failed'] as const).flatMap((result) =>
    count(result) > 0 ? [`${formatFullCount(count(result))} ${result}`] : [],
  );
  if (left > 0) parts.push(`${formatFullCount(left)} left`);
  const what = items.some(({ change }) => change !== undefined)
    ? `apply ${plural(items.length, 'change')}`
    : `${name} ${plural(items.length, 'job')}`;
  const text = `${what}: ${parts.join(', ')}`;
  if (left === 0 || why === null) return text;
  return why === 'by hand' ? `${text} · stopped` : `${text} · stopped: ${safeText(why.message)}`;
}
