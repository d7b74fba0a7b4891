import type { Granularity } from '../domain/partition/period.ts';

export type DemoJob = {
  asset: string;
  description: string;
  every: Granularity;
  start: string;
  end: string;
  max_parallel: number;
  priority: number;
  /** The asset whose backfill must complete before this one starts. */
  after: string | null;
};

export const demoTenant = 'demo';
export const demoDatabase = 'servo_demo';

export const demoJobs: readonly DemoJob[] = [
  {
    asset: 'births_daily',
    description: 'Births in the United States by day: SSA where present, else CDC',
    every: 'day',
    start: '1994-01-01',
    end: '2014-12-31',
    max_parallel: 4,
    priority: 5,
    after: null,
  },
  {
    asset: 'births_agreement',
    description: 'Do SSA and CDC agree on a day, within 3 %?',
    every: 'day',
    start: '2000-01-01',
    end: '2003-12-31',
    max_parallel: 1,
    priority: 0,
    after: null,
  },
  {
    asset: 'births_monthly',
    description: 'Births in the United States by month, from births_daily',
    every: 'month',
    start: '1994-01',
    end: '2014-12',
    max_parallel: 2,
    priority: 0,
    after: 'births_daily',
  },
];

/** Seconds added to each partition at a terminal: the whole then takes about 90 seconds. */
export const watchablePace = 0.035;
