import { roughDuration } from '../../domain/time/duration.ts';
import { type Clause, type ExplainFacts, explain } from '../../domain/triage/explain.ts';
import type { Explanation } from '../../domain/triage/explanation.ts';
import { plural } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { explainWords } from '../triage/explain-words.ts';

/** What a person must see to: nothing of it goes away because a job becomes claimable. */
const hindrances: readonly Clause[] = [
  'no_executor',
  'no_handler',
  'draining',
  'held',
  'limited',
  'outranked',
];

/**
 * What would keep the job from being claimed once it may be: a limit, no executor, no handler.
 * Null where an executor would take it.
 */
export function hindranceWords({ facts }: Pick<Explanation, 'facts'>): string | null {
  const claimable: ExplainFacts = { ...facts, state: 'pending', waits_for: [] };
  const clause = explain(claimable);
  if (!hindrances.includes(clause)) return null;
  const { why, next } = explainWords(clause, claimable);
  return next === null ? why : `${why}: ${next}`;
}

/** Executors that hold partitions of the job and are not heard of; null where there are none. */
export function silenceWords({ facts }: Pick<Explanation, 'facts'>): string | null {
  if (facts.silent.length === 0) return null;
  const { as_of, silent } = facts;
  const each = silent.map(({ id, lanes, seen_at }) => {
    const since =
      seen_at === null ? '' : ` for ${roughDuration(as_of.getTime() - seen_at.getTime())}`;
    return `${safeText(id)} with ${plural(lanes, 'slot')} has been silent${since}`;
  });
  return each.join('; ');
}
