import { later } from '../time/time.ts';
import type { CheckName, FoundRow, Runbook } from './checks.ts';

/** Rows by check, and the start of each runbook's clock. */
export type EscalationFacts = {
  as_of: Date;
  found: Readonly<Partial<Record<CheckName, readonly FoundRow[]>>>;
  /** First event of the incident, by runbook; null: no incident, or unknown. */
  clocks: Readonly<Record<Runbook, Date | null>>;
  running: number;
};

type Trigger = {
  /** In the runbook's words, under "When to Escalate". */
  text: string;
  /** With figures; null if it does not hold. */
  reason: (facts: EscalationFacts) => string | null;
};

type Step = {
  who: string;
  task: string;
  /** Minutes on the runbook's clock; null: the runbook has none, `calls` decides. */
  after_minutes: number | null;
  /** Makes the step due earlier, or without a clock. */
  calls: (facts: EscalationFacts, triggered: boolean) => boolean;
};

type Path = {
  checks: readonly CheckName[];
  triggers: readonly Trigger[];
  steps: readonly Step[];
};

/** The runbooks' "multiple", and the slipping jobs that are "widespread". */
export const multiple = 2;
export const widespread = 3;
/**
 * backfill-operations: "Multiple jobs stuck for >30 minutes", "Unable to identify root cause in 30
 * minutes".
 */
const longMinutes = 30;
/** backfill-sla-at-risk, "Establish SLA Tiers": critical is priority 8 to 10. */
const highPriority = 8;

const rowsOf = ({ found }: EscalationFacts, ...names: CheckName[]) =>
  names.flatMap((name) => found[name] ?? []);
const minutesSince = ({ as_of }: EscalationFacts, at: Date | null) =>
  at === null ? 0 : (as_of.getTime() - at.getTime()) / 60_000;
const slipping = (facts: EscalationFacts) =>
  rowsOf(facts, 'eta').filter((row) => Number(row.cells.eta_slipped_secs ?? 0) > 0);
const hasHigh = (facts: EscalationFacts) =>
  rowsOf(facts, 'at-risk').some((row) => row.cells.risk_level === 'high');
const hasBreached = (facts: EscalationFacts) => rowsOf(facts, 'breached').length > 0;

/** Both runbooks' escalation tables: triggers, path, minutes. */
const escalationPaths: Readonly<Record<Runbook, Path>> = {
  'backfill-operations': {
    checks: [
      'stuck',
      'no-progress',
      'resuming',
      'unclaimed',
      'no-executor',
      'failure-rate',
      'checkpoint',
    ],
    triggers: [
      {
        text: 'Multiple jobs stuck for >30 minutes',
        reason: (facts) => {
          const long = rowsOf(facts, 'stuck', 'no-progress').filter(
            (row) => minutesSince(facts, row.since) > longMinutes,
          );
          return long.length >= multiple ? `${long.length} jobs are` : null;
        },
      },
      {
        text: 'Pause/resume not working as expected',
        reason: (facts) => {
          const count = rowsOf(facts, 'resuming').length;
          return count > 0 ? `${count} resumed but not claimed` : null;
        },
      },
      {
        text: 'Data integrity concerns (checkpoint mismatch)',
        reason: (facts) => {
          const count = rowsOf(facts, 'checkpoint').length;
          return count > 0 ? `the checkpoint of ${count} does not match` : null;
        },
      },
      {
        text: 'Unable to identify root cause in 30 minutes',
        reason: (facts) => {
          const minutes = minutesSince(facts, facts.clocks['backfill-operations']);
          return minutes >= longMinutes ? `it began ${Math.floor(minutes)} minutes ago` : null;
        },
      },
    ],
    steps: [
      { who: 'on-call', task: 'Notify on-call', after_minutes: 0, calls: () => false },
      {
        who: 'Backend Lead',
        task: 'Escalate',
        after_minutes: 15,
        calls: (_, triggered) => triggered,
      },
      { who: 'Platform Lead', task: 'Escalate', after_minutes: 30, calls: () => false },
    ],
  },
  'backfill-sla-at-risk': {
    checks: ['at-risk', 'breached'],
    triggers: [
      {
        text: 'Multiple high-priority jobs at risk simultaneously',
        reason: (facts) => {
          const high = rowsOf(facts, 'at-risk', 'breached').filter(
            (row) => Number(row.cells.priority) >= highPriority,
          );
          return high.length >= multiple
            ? `${high.length} of priority ${highPriority} or more`
            : null;
        },
      },
      {
        text: 'Risk level increasing rapidly',
        reason: (facts) => {
          const slips = new Set(slipping(facts).map((row) => row.job_id));
          const rising = rowsOf(facts, 'at-risk').filter((row) => slips.has(row.job_id));
          return rising.length > 0 ? `the ETA of ${rising.length} at risk slips` : null;
        },
      },
      {
        text: 'External dependencies causing widespread slowdowns',
        reason: (facts) => {
          const slow = slipping(facts);
          const assets = new Set(slow.map((row) => row.asset_name)).size;
          return slow.length >= widespread && assets >= multiple
            ? `the ETA of ${slow.length} jobs of ${assets} assets slips`
            : null;
        },
      },
      {
        text: 'System-wide performance degradation',
        reason: (facts) => {
          const slow = slipping(facts).length;
          return slow >= widespread && slow * 2 > facts.running
            ? `the ETA of ${slow} of ${facts.running} running jobs slips`
            : null;
        },
      },
    ],
    steps: [
      {
        who: 'On-call Engineer',
        task: 'Initial assessment and standard mitigation',
        after_minutes: 0,
        calls: () => false,
      },
      {
        who: 'Platform Team Lead',
        task: 'Resource scaling decisions',
        after_minutes: null,
        calls: (facts, triggered) => triggered || hasHigh(facts) || hasBreached(facts),
      },
      {
        who: 'Product/Business Stakeholder',
        task: 'Deadline negotiation, impact communication',
        after_minutes: null,
        calls: (facts) => hasHigh(facts) || hasBreached(facts),
      },
    ],
  },
};

type EscalationStep = {
  who: string;
  task: string;
  after_minutes: number | null;
  at: Date | null;
  due: boolean;
};

export type Escalation = {
  runbook: Runbook;
  due: boolean;
  /** Start of the clock, and minutes since. */
  since: Date | null;
  minutes: number;
  triggers: readonly { text: string; reason: string }[];
  steps: readonly EscalationStep[];
  next: { who: string; in_minutes: number } | null;
};

export function escalationsOf(facts: EscalationFacts): Escalation[] {
  return (Object.keys(escalationPaths) as Runbook[])
    .filter((runbook) => rowsOf(facts, ...escalationPaths[runbook].checks).length > 0)
    .map((runbook) => escalationOf(runbook, facts));
}

function escalationOf(runbook: Runbook, facts: EscalationFacts): Escalation {
  const { triggers, steps } = escalationPaths[runbook];
  const since = facts.clocks[runbook];
  const minutes = Math.max(0, minutesSince(facts, since));
  const holding = triggers.flatMap(({ text, reason: reasonOf }) => {
    const reason = reasonOf(facts);
    return reason === null ? [] : [{ text, reason }];
  });
  const evaluated = steps.map(({ who, task, after_minutes, calls }) => ({
    who,
    task,
    after_minutes,
    at: after_minutes === null ? null : later(since ?? facts.as_of, after_minutes * 60_000),
    due: (after_minutes !== null && minutes >= after_minutes) || calls(facts, holding.length > 0),
  }));
  const waiting = evaluated.find((step) => !step.due && step.after_minutes !== null);
  return {
    runbook,
    due: evaluated.slice(1).some((step) => step.due),
    since,
    minutes,
    triggers: holding,
    steps: evaluated,
    next: waiting ? { who: waiting.who, in_minutes: waiting.after_minutes! - minutes } : null,
  };
}

export function runbookRows(
  found: EscalationFacts['found'],
  runbook: Runbook,
): readonly FoundRow[] {
  return escalationPaths[runbook].checks.flatMap((name) => found[name] ?? []);
}
