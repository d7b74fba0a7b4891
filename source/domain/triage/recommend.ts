import { actionsOf, isApplicable } from '../advice/actions.ts';
import type { Advice, Step } from '../advice/advice.ts';
import type { ActionParameters, JobAction } from '../job/action.ts';
import { shortId } from '../job/reference.ts';
import { policy } from '../policy.ts';
import type { CheckDefinition, CheckName, FoundRow, Remedy, RemedyAction } from './checks.ts';
import type { Clause, ExplainFacts } from './explain.ts';

export type CheckFinding = {
  check: CheckDefinition;
  rows: readonly FoundRow[];
};

/** An action that needs only a confirmation: compare-and-set on what was seen. */
type ReadyAction = {
  action: JobAction;
  id: string;
  state: string;
  version: number;
  parameters: ActionParameters;
  reason: string | null;
};

export type Recommendation = {
  action: RemedyAction;
  text: string;
  command: string | null;
  /** Null: no action on the job itself. */
  ready: ReadyAction | null;
};

/**
 * Decides the scenario: data first, then jobs that do not run, then those that run badly, then late
 * ones.
 */
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

/** The most urgent finding. Checks of bulk recovery are left out: they repeat `stuck`. */
export function scenarioOf(findings: readonly CheckFinding[]): CheckFinding | null {
  const ranked = urgency.flatMap((name) => findings.filter(({ check }) => check.name === name));
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

const isExecutorReady = ({ ready, with_handler, hold_reason }: ExplainFacts): boolean =>
  ready > 0 && with_handler > 0 && hold_reason === null;
const startOr =
  (otherwise: RemedyAction): Choose =>
  (facts) =>
    facts.with_handler === facts.draining ? 'start-executor' : otherwise;

/** Free slots help more than any other action; null without one. */
const freeSlots = ({ max_parallel, slots, slots_busy }: ExplainFacts): Choice | null =>
  slots > slots_busy
    ? {
        action: 'set-parallel',
        parameters: { parallel: String(max_parallel + slots - slots_busy) },
      }
    : null;

/**
 * A stale job is reclaimed automatically; if a ready executor has not done so in this many stale
 * periods, by force.
 */
const stalePeriods = 2;

const choices: Readonly<Partial<Record<CheckName, Choose>>> = {
  checkpoint: ({ state }) =>
    state === 'running' ? { action: 'pause', reason: 'checkpoint does not match' } : 'look',
  stuck: (facts, row) => {
    if (facts.with_handler === facts.draining) return 'start-executor';
    const age = row.cells.heartbeat_age_secs;
    const overdue = age === null || Number(age) > (stalePeriods * policy.stale_ms) / 1000;
    return overdue && isExecutorReady(facts) ? 'reclaim' : 'wait';
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
    return freeSlots(facts) ?? (facts.jobs_ahead > 0 ? first : 'look');
  },
  'at-risk': (facts, row) => {
    const { state, jobs_ahead } = facts;
    const level = row.cells.risk_level;
    if (state === 'paused') return 'resume';
    if (level === 'low' || state === 'waiting_upstream') return 'look';
    const more = freeSlots(facts);
    if (more !== null) return more;
    if (level !== 'high') return 'pause';
    // A higher priority helps only with jobs ahead of it.
    return jobs_ahead > 0 ? recreating : 'start-executor';
  },
  'failed-partitions': ({ state }) => (state === 'failed' ? 'retry' : 'look'),
  'waiting-upstream': () => 'wait',
  'eta-missing': () => 'wait',
  'long-running': () => 'wait',
};

export function recommend(scenario: CheckFinding, facts: ExplainFacts): Recommendation {
  const { check, rows } = scenario;
  const row = rows[0]!;
  const chosen = choices[check.name]?.(facts, row) ?? check.remedies[0]!.action;
  const choice = typeof chosen === 'string' ? { action: chosen } : chosen;
  const remedy =
    check.remedies.find(({ action }) => action === choice.action) ?? check.remedies[0]!;
  return recommendationOf(remedy, facts, choice);
}

/**
 * The best remedy of the forecast before the runbook's for the level. Beside a remedy that concerns
 * other jobs or executors, nothing is ready: what the runbook has for the job may change nothing.
 */
export function recommendByForecast(
  recommendation: Recommendation,
  advice: Pick<Advice, 'remedies'> | null,
  { id, state, version }: Pick<ExplainFacts, 'id' | 'state' | 'version'>,
): Recommendation {
  const [best] = advice?.remedies ?? [];
  // Another deadline and a breach are for the stakeholders to accept.
  if (best === undefined || best.steps.every(({ kind }) => accepting.includes(kind)))
    return recommendation;
  // It is a part of the remedy, as to resume the job.
  if (
    best.steps.some(
      (step) => 'job' in step && step.job === id && step.kind === recommendation.action,
    )
  )
    return recommendation;
  const [act, ...more] = isApplicable(best) ? actionsOf(best) : [];
  if (act === undefined || more.length > 0 || act.jobs.some((job) => job !== id))
    return { ...recommendation, ready: null };
  const { action, parameters } = act;
  const flags = Object.entries(parameters).map(([name, value]) => ` --${name} ${value}`);
  return {
    action: remedyOf(action, parameters),
    text: 'By the forecast the best for its deadline.',
    command: `servo-tui ${action} ${shortId(id)}${flags.join('')}`,
    ready: { action, id, state, version, parameters, reason: null },
  };
}

const accepting: readonly Step['kind'][] = ['deadline', 'accept'];

function remedyOf(action: JobAction, parameters: ActionParameters): RemedyAction {
  if (action === 'set') {
    if ('parallel' in parameters) return 'set-parallel';
    return 'priority' in parameters ? 'set-priority' : 'set-deadline';
  }
  return action;
}

/** Without a finding: the remedy for the clause that keeps the job from running. */
export function recommendByClause(clause: Clause, facts: ExplainFacts): Recommendation | null {
  const remedy = byClause[clause]?.(facts) ?? null;
  return remedy === null ? null : recommendationOf(remedy, facts, {});
}

const plain = (action: RemedyAction, text: string, command: string | null): Remedy => ({
  action,
  text,
  states: null,
  command,
  sql: null,
});

/** A job failed by its upstream has no failed partitions to retry. */
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
        'Fix its upstream first, then recreate this one.',
        `servo-tui explain ${shortId(first.id)}`,
      );
}

const byClause: Readonly<Partial<Record<Clause, (facts: ExplainFacts) => Remedy | null>>> = {
  paused: () =>
    plain('resume', 'Resume it if the reason for the pause is gone.', 'servo-tui resume JOB'),
  ended: ({ state, waits_for, successor }) =>
    successor !== null
      ? null
      : state === 'failed' && waits_for.length > 0
        ? afterUpstream(waits_for)
        : state === 'failed'
          ? plain('retry', 'Retry what failed once the cause is fixed.', 'servo-tui retry JOB')
          : state === 'cancelled'
            ? plain(
                'recreate',
                'Recreate what it skipped.',
                'servo-tui recreate JOB --reason "why"',
              )
            : null,
  draining: () => plain('start-executor', 'Start another executor.', 'servo-tui --worker'),
  unavailable: () =>
    plain('wait', 'It continues when the outage ends: fix that.', 'servo-tui executors'),
  on_hold: () =>
    plain('wait', 'Claiming resumes automatically when the database is healthy.', null),
  limited: () => plain('wait', 'It starts when a job under the limit ends.', 'servo-tui limits'),
};

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
  const { action, text } = remedy;
  // A remedy for other jobs, as pausing them, has nothing to confirm here.
  const elsewhere = remedy.command?.includes('OTHER') ?? false;
  const command = commandWith(remedy.command, shortId(id), parameters);
  const jobAction = elsewhere ? undefined : jobActionOf[action];
  return {
    action,
    text,
    command,
    ready:
      jobAction === undefined
        ? null
        : { action: jobAction, id, state, version, parameters, reason },
  };
}

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
