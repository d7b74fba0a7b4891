import type { ActionParameters, JobAction } from '../job/action.ts';
import { shortId } from '../job/reference.ts';
import type { CheckDefinition, CheckName, FoundRow, Remedy, RemedyAction } from './checks.ts';
import { type Clause, type ExplainFacts, staleMs } from './explain.ts';

/** A check that holds for the job, with its rows. */
export type Held = {
  check: CheckDefinition;
  rows: readonly FoundRow[];
};

/** An action that needs nothing but to be confirmed: compare-and-set on what was seen. */
export type ReadyAction = {
  action: JobAction;
  id: string;
  state: string;
  version: number;
  parameters: ActionParameters;
  reason: string | null;
};

export type Recommendation = {
  action: RemedyAction;
  /** The runbook's advice. */
  words: string;
  command: string | null;
  /** Null where the job itself is to be left alone. */
  ready: ReadyAction | null;
};

/** Which of the checks that hold names the scenario: data first, then what does not run, then what runs badly, then what is late. */
const urgency: readonly CheckName[] = [
  'checkpoint',
  'stuck',
  'resuming',
  'no-executor',
  'unclaimed',
  'failure-rate',
  'no-progress',
  'wont-resume',
  'breached',
  'at-risk',
  'eta',
  'failed-partitions',
  'eta-missing',
  'waiting-upstream',
  'long-running',
  'queue-depth',
];

/** The check that names the scenario, or null. What a bulk recovery would take is stuck, too. */
export function scenarioOf(held: readonly Held[]): Held | null {
  const ranked = urgency.flatMap((name) => held.filter(({ check }) => check.name === name));
  return ranked[0] ?? null;
}

type Choice =
  | RemedyAction
  | { action: RemedyAction; parameters?: ActionParameters; reason?: string };
type Choose = (facts: ExplainFacts, row: FoundRow) => Choice;

const recreating: Choice = {
  action: 'recreate',
  parameters: { priority: '10' },
  reason: 'SLA at risk - recreating with higher priority',
};

/** Whoever could run it: where nobody can, that comes first. */
const ifSomebodyIsReady = ({ ready, with_handler, hold_reason }: ExplainFacts): boolean =>
  ready > 0 && with_handler > 0 && hold_reason === null;
const startOr =
  (otherwise: RemedyAction): Choose =>
  (facts) =>
    facts.with_handler === facts.draining ? 'start-executor' : otherwise;

/** What is free is of use at once, whatever else would help; null where nothing is. */
const freeSlots = ({ max_parallel, slots, slots_busy }: ExplainFacts): Choice | null =>
  slots > slots_busy
    ? {
        action: 'set-parallel',
        parameters: { parallel: String(max_parallel + slots - slots_busy) },
      }
    : null;

/** A stale job is reclaimed by itself; where a ready executor has not done it in so many stale periods, by force. */
const patience = 2;

const choices: Readonly<Partial<Record<CheckName, Choose>>> = {
  checkpoint: ({ state }) =>
    state === 'running' ? { action: 'pause', reason: 'checkpoint does not match' } : 'look',
  stuck: (facts, row) => {
    if (facts.with_handler === facts.draining) return 'start-executor';
    const age = row.cells.heartbeat_age_secs;
    const overdue = age === null || Number(age) > (patience * staleMs) / 1000;
    return overdue && ifSomebodyIsReady(facts) ? 'reclaim' : 'wait';
  },
  resuming: startOr('look'),
  unclaimed: startOr('look'),
  'no-executor': () => 'start-executor',
  'failure-rate': ({ state }) =>
    state === 'running' ? { action: 'pause', reason: 'high partition failure rate' } : 'look',
  'no-progress': () => 'look',
  'wont-resume': () => 'resume',
  breached: (facts) => {
    if (facts.state === 'paused') return 'resume';
    if (facts.state === 'waiting_upstream') return 'look';
    const first = { action: 'set-priority', parameters: { priority: '10' } } as const;
    return freeSlots(facts) ?? (facts.in_front > 0 ? first : 'look');
  },
  'at-risk': (facts, row) => {
    const { state, in_front } = facts;
    const level = row.cells.risk_level;
    if (state === 'paused') return 'resume';
    if (level === 'low' || state === 'waiting_upstream') return 'look';
    const more = freeSlots(facts);
    if (more !== null) return more;
    if (level !== 'high') return 'pause';
    // A higher priority is of use only where something comes before it.
    return in_front > 0 ? recreating : 'start-executor';
  },
  'failed-partitions': ({ state }) => (state === 'failed' ? 'retry' : 'look'),
  'waiting-upstream': () => 'wait',
  'eta-missing': () => 'wait',
  'long-running': () => 'wait',
};

/** What the scenario's remedies come to for this job: the one of them that fits, the first where nothing decides. */
export function recommend(scenario: Held, facts: ExplainFacts): Recommendation {
  const { check, rows } = scenario;
  const row = rows[0]!;
  const chosen = choices[check.name]?.(facts, row) ?? check.remedies[0]!.action;
  const choice = typeof chosen === 'string' ? { action: chosen } : chosen;
  const remedy =
    check.remedies.find(({ action }) => action === choice.action) ?? check.remedies[0]!;
  return recommendationOf(remedy, facts, choice);
}

/** Without a check that holds: what the clause that keeps the job from running asks for. */
export function recommendByClause(clause: Clause, facts: ExplainFacts): Recommendation | null {
  const remedy = byClause[clause]?.(facts) ?? null;
  return remedy === null ? null : recommendationOf(remedy, facts, {});
}

const plain = (action: RemedyAction, words: string, command: string | null): Remedy => ({
  action,
  words,
  states: null,
  command,
  sql: null,
});

/** It has failed for its upstream, and has nothing of its own to be retried. */
function afterUpstream(upstreams: ExplainFacts['waits_for']): Remedy {
  const [first] = upstreams;
  return first === undefined || first.state === null
    ? plain(
        'look',
        'One of its upstreams was deleted: recreate this one with its upstreams.',
        'servo-tui recreate JOB --include-upstream --reason "why"',
      )
    : plain(
        'look',
        'Mend its upstream first, then recreate this one.',
        `servo-tui explain ${shortId(first.id)}`,
      );
}

const byClause: Readonly<Partial<Record<Clause, (facts: ExplainFacts) => Remedy | null>>> = {
  paused: () =>
    plain('resume', 'Resume it, if what it was paused for is over.', 'servo-tui resume JOB'),
  ended: ({ state, waits_for, again }) =>
    again !== null
      ? null
      : state === 'failed' && waits_for.length > 0
        ? afterUpstream(waits_for)
        : state === 'failed'
          ? plain('retry', 'Try what failed again, once the cause is gone.', 'servo-tui retry JOB')
          : state === 'cancelled'
            ? plain(
                'recreate',
                'Start what it skipped anew.',
                'servo-tui recreate JOB --reason "why"',
              )
            : null,
  draining: () => plain('start-executor', 'Start another executor.', 'servo-tui --worker'),
  unavailable: () =>
    plain(
      'wait',
      'It goes on when what is away is there again: see to that.',
      'servo-tui executors',
    ),
  held: () => plain('wait', 'Claiming goes on by itself when the database is well.', null),
  limited: () => plain('wait', 'It starts when a job under the limit ends.', 'servo-tui limits'),
};

/** How a remedy is carried out on a job; absent: not on the job. */
const jobActionOf: Readonly<Partial<Record<RemedyAction, JobAction>>> = {
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  reclaim: 'reclaim',
  retry: 'retry',
  recreate: 'recreate',
  'set-deadline': 'set',
  'set-priority': 'set',
  'set-parallel': 'set',
};

function recommendationOf(
  remedy: Remedy,
  { id, state, version }: ExplainFacts,
  { parameters = {}, reason = null }: { parameters?: ActionParameters; reason?: string | null },
): Recommendation {
  const { action, words } = remedy;
  // Where the remedy is done to other jobs, as pausing them, there is nothing to confirm here.
  const elsewhere = remedy.command?.includes('OTHER') ?? false;
  const command = commandWith(remedy.command, shortId(id), parameters);
  const jobAction = elsewhere ? undefined : jobActionOf[action];
  return {
    action,
    words,
    command,
    ready:
      jobAction === undefined
        ? null
        : { action: jobAction, id, state, version, parameters, reason },
  };
}

/** The command with the job's id and its figures in it. */
function commandWith(
  command: string | null,
  job: string,
  parameters: ActionParameters,
): string | null {
  if (command === null) return null;
  return Object.entries(parameters).reduce(
    (line, [name, value]) => line.replace(`--${name} N`, `--${name} ${value}`),
    command.replace('JOB', job),
  );
}
