import type { Query } from '../../database/database.ts';
import { firstEventSince } from '../../database/queries/first-event.ts';
import type { Runbook } from '../../domain/triage/checks.ts';
import {
  type Escalation,
  type EscalationFacts,
  escalationsOf,
  runbookRows,
} from '../../domain/triage/escalation.ts';

/** Runs in the transaction that ran the checks. */
export async function readEscalations(
  query: Query,
  tenant: string,
  facts: Omit<EscalationFacts, 'clocks'>,
): Promise<Escalation[]> {
  const clockOf = (runbook: Runbook) =>
    firstEventSince(
      query,
      tenant,
      runbookRows(facts.found, runbook).flatMap(({ job_id, since }) =>
        job_id === null || since === null ? [] : [{ job_id, since }],
      ),
    );
  const clocks = {
    'backfill-operations': await clockOf('backfill-operations'),
    'backfill-sla-at-risk': await clockOf('backfill-sla-at-risk'),
  };
  return escalationsOf({ ...facts, clocks });
}
