import type { Database } from '../database/database.ts';
import { explainJob as readFacts } from '../database/queries/explain-job.ts';
import { type Clause, type ExplainFacts, explain } from '../domain/explain.ts';
import { noSuchJob } from './get-job.ts';

export type Explanation = {
  as_of: Date;
  tenant_id: string;
  /** What keeps the job from running, or that it runs. */
  clause: Clause;
  facts: ExplainFacts;
};

/** Which clause keeps a job from running. @throws ServoError not_found */
export async function explainJob(db: Database, tenant: string, id: string): Promise<Explanation> {
  const facts = await db.read(tenant, (query) => readFacts(query, tenant, id));
  if (facts === null) throw noSuchJob(id);
  return { as_of: facts.as_of, tenant_id: tenant, clause: explain(facts), facts };
}
