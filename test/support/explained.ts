import type { ExplainFacts } from '../../source/domain/triage/explain.ts';
import type { DiagnosedJob } from '../../source/domain/triage/explanation.ts';
import { now, secondsAgo } from './jobs.ts';

/** The input of explain for a job that could be claimed now. */
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
    successor: null,
    executors: 1,
    with_handler: 1,
    draining: 0,
    ready: 1,
    hold_reason: null,
    without_outage: 1,
    outages: [],
    failure: null,
    failing: false,
    slots: 4,
    slots_busy: 0,
    limits: [],
    ours: true,
    heartbeat_at: secondsAgo(840),
    running_slots: 0,
    max_parallel: 1,
    running_on: [],
    silent: [],
    has_claimable: true,
    missing: 0,
    total_partitions: 365,
    partitions_made: true,
    due_at: null,
    blocked_keys: 0,
    blocked_by: null,
    blockers: [],
    jobs_ahead: 0,
    ...overrides,
  };
}

/** The same as an answer, with nothing wrong. */
export function diagnosedJob(facts: ExplainFacts): DiagnosedJob {
  return {
    as_of: now,
    tenant_id: 'acme',
    clause: 'claimable',
    facts,
    findings: [],
    scenario: null,
    evidence: null,
    causes: [],
    recommendation: null,
    advice: null,
    escalations: [],
  };
}
