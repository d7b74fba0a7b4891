/** What an asset's partitions take. */
export type AssetSpec = {
  name: string;
  mean_ms: number;
  /** ±30 %, or log-normal with a standard deviation as large as the mean. */
  tail: 'steady' | 'heavy';
  /** Earlier jobs of it have run; else nothing is known of it. */
  known: boolean;
};

export type JobSpec = {
  asset: AssetSpec;
  partitions: number;
  max_parallel: number;
  priority: number;
  execution_order: number;
  /** Position of the job that it waits for. */
  upstream: number | null;
  /** Seconds after the start. */
  deadline: number;
};

export type ExecutorSpec = {
  slots: number;
  assets: readonly AssetSpec[];
  /** Seconds after the start; null: it is there from the start, or stays. */
  joins: number | null;
  drains: number | null;
};

/** What an operator does on the way, in seconds after the start. */
export type ChangeSpec =
  | { at: number; job: number; does: 'pause' | 'resume' }
  | { at: number; job: number; does: 'set'; priority: string }
  | { at: number; job: number; does: 'set'; parallel: string };

export type Scenario = {
  seed: number;
  /** Steady durations, one executor and no change; or harder in at least one of these. */
  steady: boolean;
  jobs: JobSpec[];
  executors: ExecutorSpec[];
  /** Most running jobs: of an asset, or of the tenant. */
  limits: { asset: string | null; most: number }[];
  changes: ChangeSpec[];
  /** When forecasts are looked at, in seconds after the start. */
  moments: number[];
};

/** About how long a scenario lasts, in seconds. */
const horizon = 85;
/** Of the horizon: the changes, and the moments before and after them. */
const changeAt = 0.24;
const undoneAt = 0.34;
const momentsAt = [0.17, 0.48, 0.7];
const priorities = [2, 3, 5, 8];

/** The scenario of a seed: the same jobs, executors, changes and durations each time. */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const steady = seed % 3 === 0;
  const executors = steady ? 1 : random.whole(1, 3);
  const slots = Array.from({ length: executors }, () => random.whole(2, executors > 1 ? 4 : 8));
  const total = slots.reduce((sum, of) => sum + of, 0);
  const count = Math.round(random.logUniform(2, 40));
  const work = (total * horizon * 1000 * 0.9) / count;
  const assets = Array.from({ length: random.whole(1, Math.min(6, count)) }, (_, index) => {
    const tail = !steady && random.chance(0.4) ? 'heavy' : 'steady';
    // At least a dozen partitions for a job of usual size, and more where they differ much.
    const longest = Math.min(5_000, work / (tail === 'heavy' ? 30 : 12));
    return {
      name: `asset ${index}`,
      mean_ms: random.logUniform(Math.min(50, longest), longest),
      tail,
      known: !random.chance(0.12),
    } satisfies AssetSpec;
  });
  const jobs: JobSpec[] = [];
  for (let index = 0; index < count; index += 1) {
    const asset = random.of(assets);
    const ms = work * random.logUniform(0.4, 2);
    const least = Math.ceil(ms / (horizon * 1000));
    const upstream = index > 0 && random.chance(0.15) ? random.whole(0, index - 1) : null;
    jobs.push({
      asset,
      partitions: Math.max(2, Math.min(1_500, Math.round(ms / asset.mean_ms))),
      max_parallel: Math.max(least, random.whole(1, 8)),
      priority: random.of(priorities),
      execution_order: upstream === null && random.chance(0.2) ? 1 : 0,
      upstream,
      deadline: horizon * random.between(0.25, 1.5),
    });
  }
  return {
    seed,
    steady,
    jobs,
    executors: slots.map((of, index) => ({
      slots: of,
      // The first has all handlers, the others some.
      assets: index === 0 ? assets : assets.filter(() => random.chance(0.7)),
      joins: null,
      drains: null,
    })),
    limits: random.chance(0.3)
      ? [
          random.chance(0.5)
            ? { asset: null, most: random.whole(2, 5) }
            : { asset: random.of(assets).name, most: random.whole(1, 3) },
        ]
      : [],
    changes: [],
    moments: momentsAt.map((share) => share * horizon),
    ...(steady ? {} : changesOf(random, jobs, slots, assets)),
  };
}

/** Most scenarios that are not steady have one change. */
function changesOf(
  random: Random,
  jobs: readonly JobSpec[],
  slots: readonly number[],
  assets: readonly AssetSpec[],
): Partial<Pick<Scenario, 'changes' | 'executors'>> {
  const at = changeAt * horizon;
  const job = random.whole(0, jobs.length - 1);
  const all = slots.map((of) => ({
    slots: of,
    assets,
    joins: null as number | null,
    drains: null as number | null,
  }));
  const kind = random.of(['priority', 'pause', 'parallel', 'joins', 'drains', 'none'] as const);
  switch (kind) {
    case 'priority':
      return { changes: [{ at, job, does: 'set', priority: random.of(['1', '9']) }] };
    case 'parallel':
      return { changes: [{ at, job, does: 'set', parallel: String(random.whole(2, 8)) }] };
    case 'pause':
      return {
        changes: [
          { at, job, does: 'pause' },
          { at: undoneAt * horizon, job, does: 'resume' },
        ],
      };
    case 'joins':
      return { executors: [...all, { slots: 2, assets, joins: at, drains: null }] };
    case 'drains':
      return { executors: [...all, { slots: 2, assets, joins: null, drains: at }] };
    case 'none':
      return {};
  }
}

/** When something changes that no forecast could know, in seconds after the start. */
export function changeTimes({ changes, executors }: Scenario): number[] {
  return [
    ...changes.map(({ at }) => at),
    ...executors.flatMap(({ joins, drains }) => [joins, drains].filter((at) => at !== null)),
  ];
}

/** What a partition takes, in milliseconds: the same each time. */
export function durationOf(seed: number, asset: AssetSpec, key: string): number {
  const random = new Random(seed * 7_919 + hash(`${asset.name} ${key}`));
  if (asset.tail === 'steady') return asset.mean_ms * random.between(0.7, 1.3);
  // Log-normal with a standard deviation as large as the mean.
  const sigma = Math.sqrt(Math.log(2));
  return Math.exp(Math.log(asset.mean_ms) - (sigma * sigma) / 2 + sigma * random.normal());
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let at = 0; at < text.length; at += 1)
    value = Math.imul(value ^ text.charCodeAt(at), 16_777_619);
  return value >>> 0;
}

/** Numbers of a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Seeds that follow each other begin alike.
    for (let skipped = 0; skipped < 4; skipped += 1) this.next();
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  logUniform(least: number, most: number): number {
    return Math.exp(this.between(Math.log(least), Math.log(most)));
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }

  /** Of a standard normal distribution (Box and Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
