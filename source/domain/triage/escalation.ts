import { later } from '../time/time.ts';
import type { CheckName, FoundRow, Runbook } from './checks.ts';

/** What the checks have found, by name; and when the trouble's clock began. */
export type EscalationFacts = {
  as_of: Date;
  found: Readonly<Partial<Record<CheckName, readonly FoundRow[]>>>;
  /** The first journal entry of the trouble, by runbook; null where there is no trouble, or none is known. */
  clocks: Readonly<Record<Runbook, Date | null>>;
  /** Jobs that run. */
  running: number;
};

type Trigger = {
  /** The runbook's, under "When to Escalate". */
  words: string;
  /** Why it holds, with the figures; null where it does not. */
  why: (facts: EscalationFacts) => string | null;
};

type Step = {
  /** The runbook's, under "Escalation Path". */
  who: string;
  task: string;
  /** Minutes on the trouble's clock; null where the runbook names none: then when `calls` says so. */
  after_minutes: number | null;
  /** What makes it due before, or without a clock. */
  calls: (facts: EscalationFacts, triggered: boolean) => boolean;
};

type Path = {
  /** What counts as this runbook's trouble. */
  checks: readonly CheckName[];
  triggers: readonly Trigger[];
  steps: readonly Step[];
};

/** How many are "multiple", and how many jobs whose ETA slips are "widespread". */
export const multiple = 2;
export const widespread = 3;
/** backfill-operations: "Multiple jobs stuck for >30 minutes", "Unable to identify root cause in 30 minutes". */
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
export const escalationPaths: Readonly<Record<Runbook, Path>> = {
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
        words: 'Multiple jobs stuck for >30 minutes',
        why: (facts) => {
          const long = rowsOf(facts, 'stuck', 'no-progress').filter(
            (row) => minutesSince(facts, row.since) > longMinutes,
          );
          return long.length >= multiple ? `${long.length} jobs are` : null;
        },
      },
      {
        words: 'Pause/resume not working as expected',
        why: (facts) => {
          const count = rowsOf(facts, 'resuming').length;
          return count > 0 ? `${count} resumed and not claimed` : null;
        },
      },
      {
        words: 'Data integrity concerns (checkpoint mismatch)',
        why: (facts) => {
          const count = rowsOf(facts, 'checkpoint').length;
          return count > 0 ? `the checkpoint of ${count} does not match` : null;
        },
      },
      {
        words: 'Unable to identify root cause in 30 minutes',
        why: (facts) => {
          const minutes = minutesSince(facts, facts.clocks['backfill-operations']);
          return minutes >= longMinutes
            ? `the trouble is ${Math.floor(minutes)} minutes old`
            : null;
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
        words: 'Multiple high-priority jobs at risk simultaneously',
        why: (facts) => {
          const high = rowsOf(facts, 'at-risk', 'breached').filter(
            (row) => Number(row.cells.priority) >= highPriority,
          );
          return high.length >= multiple
            ? `${high.length} of priority ${highPriority} or more`
            : null;
        },
      },
      {
        words: 'Risk level increasing rapidly',
        why: (facts) => {
          const slips = new Set(slipping(facts).map((row) => row.job_id));
          const rising = rowsOf(facts, 'at-risk').filter((row) => slips.has(row.job_id));
          return rising.length > 0 ? `the ETA of ${rising.length} at risk slips` : null;
        },
      },
      {
        words: 'External dependencies causing widespread slowdowns',
        why: (facts) => {
          const slow = slipping(facts);
          const assets = new Set(slow.map((row) => row.asset_name)).size;
          return slow.length >= widespread && assets >= multiple
            ? `the ETA of ${slow.length} jobs of ${assets} assets slips`
            : null;
        },
      },
      {
        words: 'System-wide performance degradation',
        why: (facts) => {
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

export type EscalationStep = {
  who: string;
  task: string;
  after_minutes: number | null;
  /** When its minutes are over; null where it has none. */
  at: Date | null;
  due: boolean;
};

/** Who is to be told, and why. */
export type Escalation = {
  runbook: Runbook;
  /** Somebody beyond whoever is on call is to be told now. */
  due: boolean;
  /** The clock's beginning, and how far it is. */
  since: Date | null;
  minutes: number;
  triggers: readonly { words: string; why: string }[];
  steps: readonly EscalationStep[];
  /** The next who is not due yet, where the clock decides. */
  next: { who: string; in_minutes: number } | null;
};

/** The escalations of the outages that there are, by the runbooks' tables; none without trouble. */
export function escalationsOf(facts: EscalationFacts): Escalation[] {
  return (Object.keys(escalationPaths) as Runbook[])
    .filter((runbook) => rowsOf(facts, ...escalationPaths[runbook].checks).length > 0)
    .map((runbook) => escalationOf(runbook, facts));
}

function escalationOf(runbook: Runbook, facts: EscalationFacts): Escalation {
  const { triggers, steps } = escalationPaths[runbook];
  const since = facts.clocks[runbook];
  const minutes = Math.max(0, minutesSince(facts, since));
  const holding = triggers.flatMap(({ words, why }) => {
    const reason = why(facts);
    return reason === null ? [] : [{ words, why: reason }];
  });
  const judged = steps.map(({ who, task, after_minutes, calls }) => ({
    who,
    task,
    after_minutes,
    at: after_minutes === null ? null : later(since ?? facts.as_of, after_minutes * 60_000),
    due: (after_minutes !== null && minutes >= after_minutes) || calls(facts, holding.length > 0),
  }));
  const waiting = judged.find((step) => !step.due && step.after_minutes !== null);
  return {
    runbook,
    due: judged.slice(1).some((step) => step.due),
    since,
    minutes,
    triggers: holding,
    steps: judged,
    next: waiting ? { who: waiting.who, in_minutes: waiting.after_minutes! - minutes } : null,
  };
}

/** The rows whose trouble's clock counts, by runbook. */
export function troubleOf(found: EscalationFacts['found'], runbook: Runbook): readonly FoundRow[] {
  return escalationPaths[runbook].checks.flatMap((name) => found[name] ?? []);
}
