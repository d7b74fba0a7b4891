import type { Query } from '../../database/database.ts';
import { firstEntry } from '../../database/queries/first-entry.ts';
import type { Runbook } from '../../domain/triage/checks.ts';
import {
  type Escalation,
  type EscalationFacts,
  escalationsOf,
  runbookRows,
} from '../../domain/triage/escalation.ts';

/** Whether escalation is due, to whom and why, from what the checks have found: within the transaction that found it. */
export async function readEscalations(
  query: Query,
  tenant: string,
  seen: Omit<EscalationFacts, 'clocks'>,
): Promise<Escalation[]> {
  const clockOf = (runbook: Runbook) =>
    firstEntry(
      query,
      tenant,
      runbookRows(seen.found, runbook).flatMap(({ job_id, since }) =>
        job_id === null || since === null ? [] : [{ job_id, since }],
      ),
    );
  const clocks = {
    'backfill-operations': await clockOf('backfill-operations'),
    'backfill-sla-at-risk': await clockOf('backfill-sla-at-risk'),
  };
  return escalationsOf({ ...seen, clocks });
}
