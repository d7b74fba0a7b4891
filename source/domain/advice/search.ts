import type { Step } from './advice.ts';
import type { Lever } from './levers.ts';
import type { Trials } from './trials.ts';

export type Found = { steps: readonly Step[]; cost: number };

type Question = {
  trials: Trials;
  /** The job's index in the snapshot. */
  index: number;
  /** Milliseconds until its deadline. */
  left: number;
  /** Done in any case. */
  base: readonly Step[];
  levers: readonly Lever[];
};

/** What is brought in with so much to spare stays in, although durations vary. */
const spare = 1.1;
/** What shortens a breach by less is no remedy. */
const leastGain = 0.2;

/**
 * The least value of each lever that brings the job in, and of pairs if no single one does so
 * without making another job late; if none does, those that shorten the breach most.
 */
export function search(question: Question): Found[] {
  const singles = question.levers.flatMap((lever) => solve(question, lever, [], question.left));
  if (singles.some((found) => harmless(question, found))) return singles;
  const pairs = question.left > 0 ? pairsOf(question, singles) : [];
  const found = [...singles, ...pairs];
  return found.length > 0 ? found : shorter(question);
}

function harmless({ trials }: Question, { steps }: Found): boolean {
  return trials.costs(steps).every(({ made_late }) => !made_late);
}

function endOf({ trials, index, base }: Question, steps: readonly Step[]): number | null {
  return trials.ends([...base, ...steps])?.[index] ?? null;
}

function solve(question: Question, lever: Lever, given: readonly Step[], left: number): Found[] {
  const end = (value: readonly Step[]) => endOf(question, [...given, ...value]);
  const top = end(lever.values.at(-1)!);
  if (top === null || top > left) return [];
  const wanted = top * spare <= left ? left / spare : left;
  let [low, high] = [0, lever.values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const reached = end(lever.values[middle]!);
    if (reached !== null && reached <= wanted) high = middle;
    else low = middle + 1;
  }
  const value = lever.separable
    ? needed(question, lever.values[high]!, given, wanted)
    : lever.values[high]!;
  return [{ steps: [...question.base, ...given, ...value], cost: lever.cost + value.length / 100 }];
}

/** Without the steps that are not needed; the last is, or it would not have been added. */
function needed(
  question: Question,
  value: readonly Step[],
  given: readonly Step[],
  wanted: number,
): readonly Step[] {
  let kept = value;
  for (const step of value.slice(0, Math.min(8, value.length - 1))) {
    const without = kept.filter((one) => one !== step);
    const end = endOf(question, [...given, ...without]);
    if (end !== null && end <= wanted) kept = without;
  }
  return kept;
}

/** Pairs in the order of their costs, up to the first that makes no other job late. */
function pairsOf(question: Question, singles: readonly Found[]): Found[] {
  const { levers, left } = question;
  const all = levers.flatMap((one, index) =>
    levers.slice(index + 1).map((other) => ({ one, other, cost: one.cost + other.cost })),
  );
  const found: Found[] = [];
  for (const { one, other, cost } of all.sort((a, b) => a.cost - b.cost)) {
    const [second] = solve(question, other, one.values.at(-1)!, left);
    if (second === undefined) continue;
    const chosen = second.steps.slice(question.base.length + one.values.at(-1)!.length);
    const [first] = solve(question, one, chosen, left);
    const pair = { steps: (first ?? second).steps, cost };
    const safe = harmless(question, pair);
    if (safe || (singles.length === 0 && found.length === 0)) found.push(pair);
    if (safe) break;
  }
  return found;
}

/** The most that a lever does, if it is enough to be worth it. */
function shorter(question: Question): Found[] {
  const now = endOf(question, []);
  if (now === null) return [];
  const late = now - Math.max(0, question.left);
  return question.levers.flatMap((lever) => {
    const best = endOf(question, lever.values.at(-1)!);
    if (best === null || now - best < leastGain * late) return [];
    // As little as gives nearly all of it.
    return solve(question, lever, [], now - (now - best) * 0.9);
  });
}
