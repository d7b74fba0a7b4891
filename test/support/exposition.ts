/** The exported metrics: values by series, types by metric. */
export class Exposition {
  readonly values = new Map<string, number>();
  readonly types = new Map<string, string>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const type = /^# TYPE (\S+) (\S+)$/.exec(line);
      if (type !== null) this.types.set(type[1]!, type[2]!);
      const sample = /^([^#\s]\S*(?:\{.*\})?) (\S+)$/.exec(line);
      if (sample !== null)
        this.values.set(sample[1]!, Number(sample[2]!.replace('+Inf', 'Infinity')));
    }
  }

  static async of(address: string): Promise<Exposition> {
    const answer = await fetch(`http://${address}/metrics`);
    return new Exposition(await answer.text());
  }

  /** Undefined for an absent series. */
  value(series: string): number | undefined {
    return this.values.get(series);
  }

  /** Series of one metric with their labels, without buckets. */
  seriesOf(metric: string): string[] {
    return [...this.values.keys()].filter((series) => series.split('{')[0] === metric).sort();
  }
}

/** The sum of a series over all processes that export it. */
export function sumOf(expositions: readonly Exposition[], series: string): number {
  return expositions.reduce((sum, one) => sum + (one.value(series) ?? 0), 0);
}
