import { type Database, openDatabase, type Query } from '../../source/database/database.ts';
import { claimJob } from '../../source/database/queries/claim-job.ts';
import { findHeld } from '../../source/database/queries/find-held.ts';
import { findWork } from '../../source/database/queries/find-work.ts';
import { countJobs } from '../../source/database/queries/list-jobs.ts';
import { latestEvents } from '../../source/database/queries/read-events.ts';
import { readFigures } from '../../source/database/queries/read-figures.ts';
import { activeStates } from '../../source/domain/executor/figures.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { listAlerts } from '../../source/operations/triage/alerts.ts';
import { triage } from '../../source/operations/triage/checks.ts';
import { explainJob } from '../../source/operations/triage/explain-job.ts';
import { readRiskBoard } from '../../source/operations/triage/risk.ts';
import { readsOf } from '../support/plans.ts';
import { makeSized, type Sized } from './at-size-data.ts';
import { type Block, inTurn, median, type Row } from './measure.ts';
import type { BenchDatabase } from './server.ts';

const tenant = 'bench';
/** Runs of a statement of which the median is taken as one figure. */
const runs = 7;

/** The database as a statement asks it, whether in a transaction of its own or in one that is taken back. */
type Asked = { database: Database; query: Query };
type Work = (asked: Asked, sized: Sized) => Promise<unknown>;

const list =
  (text: string, options: Partial<Parameters<typeof listJobs>[2]> = {}): Work =>
  ({ database }) =>
    listJobs(database, tenant, { filter: parseFilter(text), limit: 100, ...options });

/** What people and executors wait for. Those of the budget first. */
const works: Readonly<Record<string, Work>> = {
  claim: async ({ database }) => {
    const [found] = await findWork(database, tenant, { assets, stale_ms: 120_000, limit: 20 });
    const claim = { tenant, owner: 'bench', stale_ms: 120_000, grace_ms: 30_000 };
    await claimJob(database, { ...claim, job: found!.id });
  },
  list: list(''),
  triage: ({ database }) => triage(database, tenant),
  alerts: ({ database }) => listAlerts(database, tenant),
  'work for one asset of 200': ({ database }) =>
    findWork(database, tenant, { assets: ['asset_002'], stale_ms: 120_000, limit: 20 }),
  'what an executor holds': ({ database }) => findHeld(database, tenant, 'nobody'),
  explain: ({ database }, { big }) => explainJob(database, tenant, big),
  metrics: ({ query }) => readFigures(query, tenant, activeStates, 0),
  'the risk board': ({ database }) => readRiskBoard(database, tenant),
  'list state:failed': list('state:failed'),
  'list asset_007': list('asset_007'),
  'list risk:high': list('risk:high'),
  'the last page': list('', { whole: 0, around: 'last' }),
  'sorted by priority': list('', { whole: 0, sort: { column: 'priority', descending: true } }),
  'counts by state': ({ query }) => countJobs(query, tenant, 1000),
  'newest events': ({ query }) => latestEvents(query, tenant, null, 50),
  'job detail': ({ database }, { big }) => getJobDetail(database, tenant, big, { buckets: 0 }),
};
const budgeted = ['claim', 'list', 'triage'];
const assets = Array.from({ length: 200 }, (_, i) => `asset_${String(i + 1).padStart(3, '0')}`);

/** The same questions to 1,000 jobs, 100,000 and 1,000,000 with 10,000,000 partitions; `scale` makes the larger two smaller. */
export async function atSize(
  database: BenchDatabase,
  rounds: number,
  scale: number,
): Promise<Block> {
  const sizes = [1000, 100_000 * scale, 1_000_000 * scale];
  const sized: Sized[] = [];
  for (const jobs of sizes) {
    const began = performance.now();
    sized.push(await makeSized(database, jobs, Math.max(1000, jobs)));
    const seconds = Math.round((performance.now() - began) / 1000);
    console.error(`made ${jobs.toLocaleString('en')} jobs in ${seconds} s`);
  }
  return compareSizes(sized, rounds);
}

/** The same questions to each, in turn; the first is the measure of the others. */
export async function compareSizes(sized: readonly Sized[], rounds: number): Promise<Block> {
  const figures = await inTurn(
    rounds,
    Object.fromEntries(
      Object.entries(works).flatMap(([name, work]) =>
        sized.map((one) => [label(name, one), () => timeOf(work, one)]),
      ),
    ),
  );
  const of = (name: string, one: Sized) => median(figures[label(name, one)]!);
  const [small, ...larger] = sized as readonly [Sized, ...Sized[]];
  const rows: Row[] = Object.keys(works).flatMap((name) => [
    { name: label(name, small), figures: figures[label(name, small)]!, unit: 'ms' },
    ...larger.map((one) => ({
      name: label(name, one),
      figures: [of(name, one) / of(name, small)],
      unit: `× (${of(name, one).toFixed(1)} ms)`,
      show: 'value' as const,
    })),
  ]);
  return {
    name: 'at size',
    rows,
    budgets: [
      ...budgeted.flatMap((name) =>
        larger.map((one) => ({
          name: `${label(name, one)}, × its time at 1,000`,
          figure: of(name, one) / of(name, small),
          at: 'most' as const,
          limit: 2,
        })),
      ),
      { name: 'sequential scans', figure: await scans(sized.at(-1)!), at: 'most', limit: 0 },
    ],
  };
}

function label(name: string, { jobs }: Sized): string {
  return `${name}, ${jobs.toLocaleString('en')} jobs`;
}

/** In ms; as servo_app, on a connection that is warm. What it writes is taken back. */
async function timeOf(work: Work, sized: Sized): Promise<number> {
  const real = openDatabase(sized.database.app, { connections: 1 });
  const enough = new Error('enough');
  const times: number[] = [];
  try {
    for (let run = 0; run <= runs; run++) {
      await real
        .write({ tenant, actor: 'bench' }, async (query) => {
          const database = {
            read: (_: string, reading: (query: Query) => unknown) => reading(query),
            call: query,
          } as unknown as Database;
          const began = performance.now();
          await work({ database, query }, sized);
          if (run > 0) times.push(performance.now() - began);
          throw enough;
        })
        .catch((error: unknown) => {
          if (error !== enough) throw error;
        });
    }
  } finally {
    await real.close();
  }
  return median(times);
}

/** Of all that was asked at the largest size: of the big tables, in plans and by the server's own count. */
async function scans(sized: Sized): Promise<number> {
  let found = 0;
  for (const [name, work] of Object.entries(works)) {
    const reads = await readsOf(sized.database.app, tenant, (database, query) =>
      work({ database, query }, sized),
    );
    for (const scan of reads.scans) console.error(`${name}: ${scan}`);
    found += Math.max(reads.scans.length, reads.sequential);
  }
  return found;
}
