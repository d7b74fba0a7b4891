import { silenceReason } from '../../domain/triage/clause-reason.ts';
import { type Clause, type ExplainFacts, explain } from '../../domain/triage/explain.ts';
import type { Explanation } from '../../domain/triage/explanation.ts';
import { safeText } from '../text/safe-text.ts';
import { explainReason } from '../triage/explain-reason.ts';

/** What a person must see to: nothing of it goes away because a job becomes claimable. */
const obstacles: readonly Clause[] = [
  'no_executor',
  'no_handler',
  'draining',
  'on_hold',
  'limited',
  'outranked',
];

/**
 * What would keep the job from being claimed once it may be: a limit, no executor, no handler.
 * Null where an executor would take it.
 */
export function claimObstacle({ facts }: Pick<Explanation, 'facts'>): string | null {
  const claimable: ExplainFacts = { ...facts, state: 'pending', waits_for: [] };
  const clause = explain(claimable);
  if (!obstacles.includes(clause)) return null;
  const { why, next } = explainReason(clause, claimable);
  return next === null ? why : `${why}: ${next}`;
}

/** Executors that hold partitions of the job and are not heard of; null where there are none. */
export function silentExecutors({ facts }: Pick<Explanation, 'facts'>): string | null {
  if (facts.silent.length === 0) return null;
  return safeText(silenceReason(facts.silent, facts.as_of));
}

/** What an action that leaves running partitions alone cannot promise; null where nobody is silent. */
export function mayNotFinish(known: Pick<Explanation, 'facts'>): string | null {
  const silence = silentExecutors(known);
  return silence === null
    ? null
    : `${silence}: what it holds may not finish (reclaim gives it away)`;
}
