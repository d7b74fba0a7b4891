/** Figures of one thing measured, one for each round or each event. */
export type Row = {
  name: string;
  figures: readonly number[];
  unit: string;
  /** What is shown of the figures: the median and what they vary between, or percentiles. */
  show?: 'spread' | 'percentiles' | 'value';
};

/** One figure held against its limit. Rates and ratios to a reference of the same run, or what a person waits for. */
export type Budget = { name: string; figure: number; at: 'least' | 'most'; limit: number };

/** What one benchmark prints. */
export type Block = { name: string; rows: Row[]; budgets: Budget[]; notes?: string[] };

/** Runs every contestant in each round, each round from another one on: what disturbs the machine disturbs all. */
export async function inTurn(
  rounds: number,
  contestants: Readonly<Record<string, () => Promise<number>>>,
): Promise<Record<string, number[]>> {
  const names = Object.keys(contestants);
  const figures: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      figures[name]!.push(await contestants[name]!());
    }
  }
  return figures;
}

export function median(figures: readonly number[]): number {
  const sorted = ascending(figures);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest figure that `percent` of all do not exceed: of few figures, the greatest. */
export function percentile(figures: readonly number[], percent: number): number {
  return ascending(figures)[Math.max(0, Math.ceil((figures.length * percent) / 100) - 1)]!;
}

export function report({ name, rows, budgets, notes = [] }: Block): string {
  const width = Math.max(...[...rows, ...budgets].map((row) => row.name.length));
  return [
    name,
    ...rows.map((row) => `  ${row.name.padEnd(width)}  ${shown(row)} ${row.unit}`),
    ...budgets.map(
      (budget) => `  ${budget.name.padEnd(width)}  ${number(budget.figure)}   (${verdict(budget)})`,
    ),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

export function held({ figure, at, limit }: Budget): boolean {
  return at === 'least' ? figure >= limit : figure <= limit;
}

function verdict(budget: Budget): string {
  return `budget: at ${budget.at} ${budget.limit}: ${held(budget) ? 'held' : 'NOT held'}`;
}

const showing: Readonly<Record<NonNullable<Row['show']>, (figures: readonly number[]) => string>> =
  {
    value: (figures) => number(median(figures)),
    spread: (figures) =>
      `${number(median(figures))} (${number(Math.min(...figures))}–${number(Math.max(...figures))})`,
    percentiles: (figures) =>
      [50, 95, 99].map((p) => `p${p} ${number(percentile(figures, p))}`).join('  '),
  };

function shown({ figures, show = 'spread' }: Row): string {
  return showing[show](figures);
}

/** Three significant digits, and every digit before the point. */
function number(figure: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(figure), 0.01))));
  return figure.toLocaleString('en', { maximumFractionDigits: digits });
}

function ascending(figures: readonly number[]): number[] {
  return [...figures].sort((a, b) => a - b);
}
