import type { JobAction } from '../../domain/job/action.ts';
import type { JobView } from '../../domain/job/job.ts';
import { silenceReason } from '../../domain/triage/clause-reason.ts';
import { type Clause, type ExplainFacts, explain } from '../../domain/triage/explain.ts';
import type { Explanation } from '../../domain/triage/explanation.ts';
import { safeText } from '../text/safe-text.ts';
import { explainReason } from '../triage/explain-reason.ts';

/** These remain when a job becomes claimable: a person must act. */
const obstacles: readonly Clause[] = [
  'no_executor',
  'no_handler',
  'draining',
  'on_hold',
  'limited',
  'outranked',
];

/**
 * What would keep the job from being claimed once it is claimable; null if an executor would take
 * it.
 */
export function claimObstacle({ facts }: Pick<Explanation, 'facts'>): string | null {
  const claimable: ExplainFacts = { ...facts, state: 'pending', waits_for: [] };
  const clause = explain(claimable);
  if (!obstacles.includes(clause)) return null;
  const { why, next } = explainReason(clause, claimable);
  return next === null ? why : `${why}: ${next}`;
}

export function silentExecutors({ facts }: Pick<Explanation, 'facts'>): string | null {
  if (facts.silent.length === 0) return null;
  return safeText(silenceReason(facts.silent, facts.as_of));
}

/** A caveat of actions that let running partitions finish; null without silent executors. */
export function mayNotFinish(known: Pick<Explanation, 'facts'>): string | null {
  const silence = silentExecutors(known);
  return silence === null
    ? null
    : `${silence}: its partitions may not finish (reclaim releases them)`;
}

const makesWork: readonly JobAction[] = ['resume', 'retry', 'recreate', 'reclaim'];

/** What may keep an action from its effect: the job is not claimed, its partitions do not end. */
export function obstaclesTo(
  action: JobAction,
  { state }: JobView,
  known: Pick<Explanation, 'facts'>,
): string[] {
  const stays = state === 'paused' && action !== 'resume';
  const unclaimed = makesWork.includes(action) && !stays ? claimObstacle(known) : null;
  // The dialog of reclaim says itself what happens to these partitions.
  const unfinished = action === 'reclaim' ? null : mayNotFinish(known);
  return [unclaimed ?? [], unfinished ?? []].flat();
}
