import { describe, expect, test } from 'vitest';
import type { CheckName, FoundRow } from '../../source/domain/triage/checks.ts';
import { type EscalationFacts, escalationsOf } from '../../source/domain/triage/escalation.ts';
import {
  escalationReasons,
  escalationTitle,
} from '../../source/presentation/triage/escalation-text.ts';
import { now, secondsAgo } from '../support/jobs.ts';

const minutesAgo = (minutes: number) => secondsAgo(minutes * 60);
const row = (cells: FoundRow['cells'] = {}, more: Partial<FoundRow> = {}): FoundRow => ({
  job_id: `${Math.random()}`,
  asset_name: 'orders',
  state: 'running',
  version: 1,
  since: minutesAgo(14),
  cells,
  ...more,
});
const facts = (
  found: Partial<Record<CheckName, FoundRow[]>>,
  clock: number | null = null,
  running = 10,
): EscalationFacts => ({
  as_of: now,
  found,
  running,
  clocks: {
    'backfill-operations': clock === null ? null : minutesAgo(clock),
    'backfill-sla-at-risk': clock === null ? null : minutesAgo(clock),
  },
});
const only = (seen: EscalationFacts) => {
  const all = escalationsOf(seen);
  expect(all).toHaveLength(1);
  return all[0]!;
};
const due = (seen: EscalationFacts) =>
  only(seen)
    .steps.filter((step) => step.due)
    .map((step) => step.who);

test('without trouble there is nothing to escalate; a long queue is none', () => {
  expect(escalationsOf(facts({}))).toEqual([]);
  expect(escalationsOf(facts({ 'queue-depth': [row()], 'long-running': [row()] }))).toEqual([]);
});

describe('backfill-operations, by the clock from the first journal entry', () => {
  test.each([
    [0, ['on-call'], 'Backend Lead', 15],
    [14, ['on-call'], 'Backend Lead', 1],
    [15, ['on-call', 'Backend Lead'], 'Platform Lead', 15],
    [29.5, ['on-call', 'Backend Lead'], 'Platform Lead', 0.5],
  ])('%f minutes', (minutes, who, next, left) => {
    const seen = facts({ stuck: [row()] }, minutes);
    expect(due(seen)).toEqual(who);
    expect(only(seen)).toMatchObject({
      runbook: 'backfill-operations',
      due: who.length > 1,
      triggers: [],
      next: { who: next, in_minutes: left },
    });
  });

  test('30 minutes: everybody, and the root cause is not identified', () => {
    const escalation = only(facts({ stuck: [row()] }, 30));
    expect(escalation.steps.every((step) => step.due)).toBe(true);
    expect(escalation.next).toBeNull();
    expect(escalation.triggers).toEqual([
      {
        text: 'Unable to identify root cause in 30 minutes',
        reason: 'it began 30 minutes ago',
      },
    ]);
    expect(escalation.steps[2]!.at).toEqual(now);
  });

  test('the words: when, whom and why', () => {
    const soon = only(facts({ stuck: [row()] }, 14));
    expect(escalationTitle(soon)).toBe('escalate in 1m: Backend Lead');
    expect(escalationReasons(soon, now, 'utc')).toEqual([
      'first journal event at 11:46:00, 14m ago',
    ]);
    const late = only(facts({ stuck: [row()], checkpoint: [row()] }, 20));
    expect(escalationTitle(late)).toBe('escalate now: Backend Lead');
    expect(escalationReasons(late, now, 'utc')).toEqual([
      'Data integrity concerns (checkpoint mismatch): the checkpoint of 1 does not match',
      'first journal event at 11:40:00, 20m ago',
      'notify Backend Lead after 15 minutes',
      'Platform Lead in 10m',
    ]);
  });
});

describe('backfill-operations, by its triggers, the Backend Lead at once', () => {
  const old = (minutes: number) => row({}, { since: minutesAgo(minutes) });

  test('multiple jobs stuck for more than 30 minutes, and not for exactly 30', () => {
    expect(due(facts({ stuck: [old(31), old(30)] }))).toEqual(['on-call']);
    expect(due(facts({ stuck: [old(31)], 'no-progress': [old(31)] }))).toEqual([
      'on-call',
      'Backend Lead',
    ]);
  });

  test('pause or resume does not work', () => {
    expect(only(facts({ resuming: [row()] })).triggers).toEqual([
      { text: 'Pause/resume not working as expected', reason: '1 resumed but not claimed' },
    ]);
  });

  test('a checkpoint does not match', () => {
    expect(due(facts({ checkpoint: [row({}, { since: null })] }))).toEqual([
      'on-call',
      'Backend Lead',
    ]);
  });
});

describe('backfill-sla-at-risk', () => {
  const risky = (level: string, priority: number, job = 'a') =>
    row({ risk_level: level, priority }, { job_id: job });

  test('low or medium risk is for the on-call engineer', () => {
    const seen = facts({ 'at-risk': [risky('medium', 9), risky('low', 7)] }, 60);
    expect(due(seen)).toEqual(['On-call Engineer']);
    expect(only(seen)).toMatchObject({ due: false, next: null, runbook: 'backfill-sla-at-risk' });
  });

  test('two of high priority at once: the platform lead', () => {
    const seen = facts({ 'at-risk': [risky('low', 8)], breached: [] });
    expect(due(seen)).toEqual(['On-call Engineer']);
    expect(due(facts({ 'at-risk': [risky('low', 8), risky('low', 10)] }))).toEqual([
      'On-call Engineer',
      'Platform Team Lead',
    ]);
  });

  test('high risk or a breach: the stakeholders too', () => {
    const everybody = ['On-call Engineer', 'Platform Team Lead', 'Product/Business Stakeholder'];
    expect(due(facts({ 'at-risk': [risky('high', 0)] }))).toEqual(everybody);
    expect(due(facts({ breached: [row({ priority: 0 })] }))).toEqual(everybody);
  });

  test('the risk rises rapidly where the ETA of a job at risk slips', () => {
    const slip = (job: string) => row({ eta_slipped_secs: 900 }, { job_id: job });
    expect(only(facts({ 'at-risk': [risky('low', 0, 'a')], eta: [slip('b')] })).triggers).toEqual(
      [],
    );
    expect(only(facts({ 'at-risk': [risky('low', 0, 'a')], eta: [slip('a')] })).triggers).toEqual([
      { text: 'Risk level increasing rapidly', reason: 'the ETA of 1 at risk slips' },
    ]);
  });

  test('widespread slowdowns, of several assets and of most that runs', () => {
    const slip = (asset: string) =>
      row({ eta_slipped_secs: 900 }, { asset_name: asset, job_id: `x${asset}` });
    const seen = { 'at-risk': [risky('low', 0)], eta: [slip('a'), slip('b'), slip('b')] };
    expect(only(facts(seen, null, 6)).triggers.map((one) => one.text)).toEqual([
      'External dependencies causing widespread slowdowns',
    ]);
    expect(only(facts(seen, null, 5)).triggers.map((one) => one.text)).toEqual([
      'External dependencies causing widespread slowdowns',
      'System-wide performance degradation',
    ]);
    // A stale ETA that has not slipped is no slowdown.
    const stale = [row({ eta_slipped_secs: null }), row(), row()];
    expect(only(facts({ 'at-risk': [risky('low', 0)], eta: stale }, null, 3)).triggers).toEqual([]);
  });
});
