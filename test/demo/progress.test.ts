import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { loadSources, registerDemoAssets } from '../../source/demo/demo-database.ts';
import { demoTenant } from '../../source/demo/jobs.ts';
import {
  allEnded,
  dueJobs,
  type JobProgress,
  readProgress,
  readReport,
} from '../../source/demo/progress.ts';
import { progressLine, reportText } from '../../source/demo/report-text.ts';
import { startDue } from '../../source/demo/start-due.ts';
import { documentOf } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

function job(asset_name: string, state: string, done = 0): JobProgress {
  return {
    asset_name,
    state,
    total_partitions: 7670,
    completed_partitions: done,
    failed_partitions: 0,
    seconds: null,
    error_message: null,
  };
}

const namesOf = (jobs: { asset: string }[]) => jobs.map(({ asset }) => asset);

describe('the order of the backfills', () => {
  it('starts the months when the days have completed, not before', () => {
    expect(namesOf(dueJobs([]))).toEqual(['births_daily', 'births_agreement']);
    const running = [job('births_daily', 'running'), job('births_agreement', 'failed')];
    expect(dueJobs(running)).toEqual([]);
    expect(allEnded(running)).toBe(false);
    const completed = [job('births_daily', 'completed'), job('births_agreement', 'failed')];
    expect(namesOf(dueJobs(completed))).toEqual(['births_monthly']);
    expect(allEnded(completed)).toBe(false);
    expect(allEnded([...completed, job('births_monthly', 'completed')])).toBe(true);
  });

  it('is over when the days were cancelled: the months will never be due', () => {
    expect(allEnded([job('births_daily', 'cancelled'), job('births_agreement', 'failed')])).toBe(
      true,
    );
  });
});

describe('on a database that has the sources, but no results', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await createTestDatabase();
    await loadSources(test.superuser);
    database = openDatabase(test.app);
    await registerDemoAssets(database, 'test');
  });

  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  it('reports every figure that is missing, beside the published one', async () => {
    const report = await readReport(database);
    expect(report.ok).toBe(false);
    expect(report.facts.filter(({ ok }) => ok).map(({ actual }) => actual)).toEqual([
      '39722137',
      '62187024',
    ]);
    // What `demo --json` prints.
    expect(documentOf('demo', JSON.stringify(report)).facts).toHaveLength(report.facts.length);
    const text = reportText(report);
    expect(text).toMatch(/^SSA total, all days +62,187,024 {3}as published$/m);
    expect(text).toMatch(/^births_daily: days +0 {3}NOT as published: 7,670$/m);
    expect(text).toContain('Some figures are not as published');
  });

  it('starts none twice, also when two processes start them at the same time', async () => {
    await Promise.all([startDue(database, 'one', []), startDue(database, 'other', [])]);
    const jobs = await readProgress(database);
    expect(jobs.map((row) => [row.asset_name, row.state, row.total_partitions]).sort()).toEqual([
      ['births_agreement', 'pending', 1461],
      ['births_daily', 'pending', 7670],
    ]);
  });

  it('knows its assets by tenant, with their granularity and lineage', async () => {
    const rows = await database.read(demoTenant, (query) =>
      query(
        `select d.name, d.partition_config #>> '{partition_type,Time,granularity}' as every, u.name as upstream
         from assets d left join asset_dependencies on downstream_asset_id = d.id left join assets u on u.id = upstream_asset_id
         order by d.name`,
      ),
    );
    expect(rows).toEqual([
      { name: 'births_agreement', every: 'day', upstream: null },
      { name: 'births_daily', every: 'day', upstream: null },
      { name: 'births_monthly', every: 'month', upstream: 'births_daily' },
    ]);
  });
});

it('says how far a backfill is in one line', () => {
  expect(progressLine(job('births_daily', 'running', 3214))).toBe(
    'births_daily      running      3,214/7,670   41 %',
  );
});
