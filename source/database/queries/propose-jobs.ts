import type { Query } from '../database.ts';

type ProposedJob = { id: string; asset_name: string; state: string };

/** The newest jobs of each state whose id begins so, for shell completion. */
export function proposeJobs(
  query: Query,
  tenant: string,
  which: { states: readonly string[]; beginning: string; each: number },
): Promise<ProposedJob[]> {
  return query(
    `select j.id, j.asset_name, j.state from unnest($2::text[]) with ordinality s (state, n) cross join lateral (
       select id, asset_name, state from (
         select id, asset_name, state from backfill_jobs where tenant_id = $1 and state = s.state order by created_at desc limit 1000) newest
       where starts_with(id::text, $3) limit $4) j
     order by s.n`,
    [tenant, which.states, which.beginning, which.each],
  );
}
