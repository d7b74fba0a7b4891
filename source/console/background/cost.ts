import type { Cost, State } from '../model/state.ts';

const mostAnswers = 20;
/** The median of a few: a single slow answer is no slow database. */
const recentAnswers = 5;
/** A console waits for answers at most a quarter of the time. */
const restFactor = 3;
const longestPace = 60_000;

export function withCost(state: State, took: number): State {
  const answers = [...state.cost.answers, took].slice(-mostAnswers);
  const typical = typicalOf(answers);
  const { pace_ms } = state.cost;
  const wanted = paceFor(typical, state.interval_ms);
  // Slows down immediately, speeds up only when clearly faster: the pace must not oscillate.
  const next = wanted > pace_ms ? wanted : wanted <= pace_ms / 2 ? wanted : pace_ms;
  const cost: Cost = { ...state.cost, answers, pace_ms: next };
  if (next === pace_ms) return { ...state, cost };
  const every = `refresh every ${(next || state.interval_ms) / 1000} s`;
  const text = next > 0 ? `${every}: the database takes ${seconds(typical)}` : `${every} again`;
  const notice = state.notice ?? { text, tone: next > 0 ? ('warn' as const) : ('plain' as const) };
  return { ...state, cost: { ...cost, paced_at: state.at }, notice };
}

function paceFor(typical: number, interval: number): number {
  const rest = restFactor * typical;
  return rest <= interval ? 0 : Math.min(longestPace, Math.ceil(rest / 1000) * 1000);
}

export function isJustPaced({ cost, at }: State): boolean {
  return cost.pace_ms + cost.paced_at > 0 && cost.paced_at === at;
}

/** In steps, so that it does not tick; null below the first step. */
export function costText({ cost }: State): string | null {
  const slowest = percentile95(cost.answers);
  const step = steps.findLast((from) => slowest >= from);
  if (step === undefined && cost.pace_ms === 0) return null;
  const pace = cost.pace_ms === 0 ? '' : ` · every ${cost.pace_ms / 1000} s`;
  return `query p95 ≥ ${seconds(step ?? steps[0]!)}${pace}`;
}

const steps = [500, 1000, 2000, 5000, 10_000, 30_000];

function percentile95(answers: readonly number[]): number {
  const sorted = answers.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
}

/** 0 before there are three answers. */
function typicalOf(answers: readonly number[]): number {
  const recent = answers.slice(-recentAnswers).sort((a, b) => a - b);
  return recent.length < 3 ? 0 : recent[Math.floor(recent.length / 2)]!;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, '')} s`;
}
