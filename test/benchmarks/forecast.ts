import { runScenario, type Told } from './forecast-run.ts';
import { type Scenario, scenarioOf } from './forecast-scenarios.ts';
import { forecastMs } from './forecast-speed.ts';
import { type Block, type Budget, median, percentile, type Row } from './measure.ts';
import type { BenchDatabase } from './server.ts';

const scenarios = 30;
/** Connections that the scenarios of one moment may need, of the server's 100. */
const connections = 75;
/** A remaining time is compared from this length on, in seconds. */
const leastLeft = 2;
/** From this margin on a job is clearly on time or clearly late: a share of the remaining time. */
const leastMargin = 0.1;
const worst = 15;

/**
 * Scenarios with real executors: the finish that the elected executor had stored at three moments,
 * against the real one, beside the contract's remaining ÷ slots × average. And what it costs.
 */
export async function forecasting(
  database: BenchDatabase,
  _rounds: number,
  scale: number,
): Promise<Block> {
  const speed = { few: forecastMs(1_000), many: forecastMs(10_000) };
  const count = Math.max(1, Math.round(scenarios * scale));
  const told = await runAll(
    database,
    Array.from({ length: count }, (_, seed) => scenarioOf(seed)),
  );
  const counted = told.filter(({ undisturbed }) => undisturbed);
  const long = counted.filter(({ left }) => left !== null && left >= leastLeft);
  const steady = long.filter(({ scenario }) => scenario.steady);
  const harder = long.filter(({ scenario }) => !scenario.steady);
  const heavy = harder.filter(({ scenario, job }) => scenario.jobs[job]!.asset.tail === 'heavy');
  const neither = told.filter(({ forecast, unknown }) => forecast === null && unknown === null);
  return {
    name: `forecasts of ${told.length} unfinished jobs in ${count} scenarios: error of the remaining time`,
    rows: [
      ...rowsOf('steady durations, one executor, no change', steady),
      ...rowsOf('heavy tails, several executors, changes', harder),
      ...rowsOf('of these, jobs with heavy tails', heavy),
      value('ended within the range (80 expected)', ranged(long)),
      value(
        'jobs without a finish, with the reason',
        share(told, (one) => one.unknown !== null),
      ),
      value(
        'the same: formula',
        share(told, ({ formula }) => formula === null),
      ),
      value('on time or late, right by the formula', levels(counted, 'formula')),
      { name: 'forecast of 1,000 unfinished jobs', figures: speed.few, unit: 'ms of CPU' },
      { name: 'forecast of 10,000 unfinished jobs', figures: speed.many, unit: 'ms of CPU' },
    ],
    budgets: [
      ...budgetsOf('steady', steady, [3, 8]),
      ...budgetsOf('harder', harder, [8, 20]),
      most('unfinished jobs with neither finish nor reason', neither.length, 0),
      {
        name: '% on time or late, right',
        figure: levels(counted, 'forecast'),
        at: 'least',
        limit: 95,
      },
      most('1,000 unfinished jobs, ms', median(speed.few), 20),
      most('10,000 unfinished jobs, ms', median(speed.many), 200),
    ],
    notes: ['the worst:', ...worstOf(long)],
  };
}

/** Several at once, as many as there are connections for. */
async function runAll(database: BenchDatabase, all: readonly Scenario[]): Promise<Told[]> {
  const waiting = [...all];
  const told: Told[] = [];
  let used = 0;
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      if (waiting.length === 0 && used === 0) resolve();
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        const needed = connectionsOf(first);
        if (used > 0 && used + needed > connections) return;
        waiting.shift();
        used += needed;
        runScenario(database, first).then((rows) => {
          told.push(...rows);
          used -= needed;
          next();
        }, reject);
      }
    };
    next();
  });
  return told;
}

function connectionsOf({ executors }: Scenario): number {
  return executors.reduce((sum, { slots }) => sum + Math.ceil(slots / 2) + 4, 2);
}

function rowsOf(name: string, told: readonly Told[]): Row[] {
  return (['forecast', 'formula'] as const).map((by) => ({
    name: by === 'forecast' ? name : 'the same: formula',
    figures: orNothing(errorsOf(told, by)),
    unit: `% (${errorsOf(told, by).length} of ${told.length})`,
    show: 'percentiles',
  }));
}

function budgetsOf(
  name: string,
  told: readonly Told[],
  [half, most90]: [number, number],
): Budget[] {
  const errors = orNothing(errorsOf(told, 'forecast'));
  return [
    most(`${name}: median error, %`, median(errors), half),
    most(`${name}: p90 of the error, %`, percentile(errors, 90), most90),
  ];
}

/** In percent of the time that was left. */
function errorsOf(told: readonly Told[], by: 'forecast' | 'formula'): number[] {
  return told.flatMap((one) => (one[by] === null ? [] : [errorOf(one, by)]));
}

function errorOf({ left, ...told }: Told, by: 'forecast' | 'formula'): number {
  return (100 * Math.abs(told[by]! - left!)) / left!;
}

/** Percent of the jobs with a clear margin that were told right. */
function levels(told: readonly Told[], by: 'forecast' | 'formula'): number {
  const clear = told.filter(
    ({ left, deadline, ...one }) =>
      left !== null &&
      one[by] !== null &&
      deadline > 0 &&
      Math.abs(left - deadline) > leastMargin * left,
  );
  return share(clear, ({ left, deadline, ...one }) => one[by]! > deadline === left! > deadline);
}

/** Percent of the jobs with a forecast that ended within its range. */
function ranged(told: readonly Told[]): number {
  const known = told.filter(({ forecast }) => forecast !== null);
  return share(known, ({ left, low, high }) => left! >= low! && left! <= high!);
}

function worstOf(told: readonly Told[]): string[] {
  return told
    .filter(({ forecast }) => forecast !== null)
    .toSorted((a, b) => errorOf(b, 'forecast') - errorOf(a, 'forecast'))
    .slice(0, worst)
    .map((one) => {
      const { scenario, job, moment, left, forecast, bound_by } = one;
      const { asset, max_parallel, priority } = scenario.jobs[job]!;
      return [
        `seed ${scenario.seed}, job ${job} at moment ${moment + 1}: ${forecast!.toFixed(1)} s told, ${left!.toFixed(1)} s came`,
        `bound by ${bound_by}, ${asset.tail} ${Math.round(asset.mean_ms)} ms, parallel ${max_parallel}, priority ${priority}`,
      ].join('; ');
    });
}

function most(name: string, figure: number, limit: number): Budget {
  return { name, figure, at: 'most', limit };
}

function value(name: string, figure: number): Row {
  return { name, figures: [figure], unit: '%', show: 'value' };
}

function share<T>(all: readonly T[], of: (one: T) => boolean): number {
  return all.length === 0 ? 100 : (100 * all.filter(of).length) / all.length;
}

function orNothing(figures: readonly number[]): readonly number[] {
  return figures.length === 0 ? [0] : figures;
}
