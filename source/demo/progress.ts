import type { Database } from '../database/database.ts';
import { isTerminal } from '../domain/job/state.ts';
import { facts } from './facts.ts';
import { type DemoJob, demoJobs, demoTenant } from './jobs.ts';

export type JobProgress = {
  asset_name: string;
  state: string;
  total_partitions: number;
  completed_partitions: number;
  failed_partitions: number;
  /** From the first claim to the end, or until now. */
  seconds: number | null;
  error_message: string | null;
};

export function readProgress(database: Database): Promise<JobProgress[]> {
  return database.read(demoTenant, (query) =>
    query<JobProgress>(
      `select asset_name, state, total_partitions, completed_partitions, failed_partitions, error_message,
         extract(epoch from coalesce(completed_at, clock_timestamp()) - started_at)::double precision as seconds
       from backfill_jobs where tenant_id = $1 order by created_at`,
      [demoTenant],
    ),
  );
}

export function dueJobs(jobs: readonly JobProgress[]): DemoJob[] {
  const stateOf = (asset: string) => jobs.find((job) => job.asset_name === asset)?.state;
  return demoJobs.filter(
    (job) =>
      stateOf(job.asset) === undefined &&
      (job.after === null || stateOf(job.after) === 'completed'),
  );
}

export function allEnded(jobs: readonly JobProgress[]): boolean {
  return dueJobs(jobs).length === 0 && jobs.every((job) => isTerminal(job.state));
}

export type Finding = { fact: string; expected: string; actual: string | null; ok: boolean };

export type DemoReport = {
  jobs: JobProgress[];
  failed: { asset_name: string; partition_key: string; error_message: string | null }[];
  facts: Finding[];
  ok: boolean;
};

export async function readReport(database: Database): Promise<DemoReport> {
  const jobs = await readProgress(database);
  return database.read(demoTenant, async (query) => {
    const failed = await query<DemoReport['failed'][number]>(
      `select j.asset_name, p.partition_key, p.error_message
       from backfill_partitions p join backfill_jobs j on j.id = p.backfill_job_id
       where p.tenant_id = $1 and p.state = 'failed' order by 1, 2 limit 100`,
      [demoTenant],
    );
    const findings: Finding[] = [];
    for (const { fact, sql, expected } of facts) {
      const [row] = await query<{ actual: string | null }>(sql);
      const actual = row?.actual ?? null;
      findings.push({ fact, expected, actual, ok: actual === expected });
    }
    return { jobs, failed, facts: findings, ok: findings.every((finding) => finding.ok) };
  });
}
