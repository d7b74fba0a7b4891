import type { ExplainFacts } from '../../source/domain/triage/explain.ts';
import type { JudgedJob } from '../../source/domain/triage/explanation.ts';
import { now, secondsAgo } from './jobs.ts';

/** What explain has read of a job that an executor could take at once. */
export function explainFacts(id: string, overrides: Partial<ExplainFacts> = {}): ExplainFacts {
  return {
    version: 7,
    as_of: now,
    id,
    asset_name: 'sessions',
    state: 'running',
    since: null,
    by: null,
    reason: null,
    waits_for: [],
    again: null,
    executors: 1,
    with_handler: 1,
    draining: 0,
    ready: 1,
    hold_reason: null,
    untroubled: 1,
    outages: [],
    failure: null,
    failing: false,
    slots: 4,
    slots_busy: 0,
    limits: [],
    ours: true,
    heartbeat_at: secondsAgo(840),
    lanes: 0,
    max_parallel: 1,
    at_work: [],
    silent: [],
    takeable: true,
    missing: 0,
    total_partitions: 365,
    partitions_made: true,
    due_at: null,
    blocked_keys: 0,
    blocked_by: null,
    blockers: [],
    in_front: 0,
    ...overrides,
  };
}

/** The same as an answer, with nothing wrong. */
export function judgedJob(facts: ExplainFacts): JudgedJob {
  return {
    as_of: now,
    tenant_id: 'acme',
    clause: 'claimable',
    facts,
    held: [],
    scenario: null,
    evidence: null,
    causes: [],
    recommendation: null,
    escalations: [],
  };
}
