/** One thing measured beside what it is to be held against, in the same run. */
export type Comparison = {
  name: string;
  /** Of the figures: `partitions/s`, `ms`. */
  unit: string;
  ours: number[];
  reference: { name: string; figures: number[] };
  /** The ratio ours ÷ reference that is wanted: at least for rates, at most for times. */
  budget: { at: 'least' | 'most'; ratio: number };
};

/** Runs ours and the reference in turn, so that what disturbs the machine disturbs both. */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<{ ours: number[]; reference: number[] }> {
  const figures = { ours: [] as number[], reference: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const order =
      round % 2 === 0 ? (['ours', 'reference'] as const) : (['reference', 'ours'] as const);
    for (const which of order) figures[which].push(await (which === 'ours' ? ours : reference)());
  }
  return figures;
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `12,300 (11,900–12,800)`: the median, and what it varied between. */
function spread(figures: readonly number[]): string {
  const format = (figure: number) => Math.round(figure).toLocaleString('en');
  return `${format(median(figures))} (${format(Math.min(...figures))}–${format(Math.max(...figures))})`;
}

export function report(comparison: Comparison): string {
  const { name, unit, ours, reference, budget } = comparison;
  const ratio = median(ours) / median(reference.figures);
  const held = budget.at === 'least' ? ratio >= budget.ratio : ratio <= budget.ratio;
  return [
    name,
    `  servo-tui   ${spread(ours)} ${unit}`,
    `  ${reference.name}   ${spread(reference.figures)} ${unit}`,
    `  ratio       ${ratio.toFixed(2)}   (budget: at ${budget.at} ${budget.ratio}: ${held ? 'held' : 'NOT held'})`,
  ].join('\n');
}
