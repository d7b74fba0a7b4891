import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package.ts';

export const dataFolder = join(packageRoot, 'data');

export type Series = { days: string[]; births: number[] };

export const files: Readonly<Record<'births_cdc' | 'births_ssa', string>> = {
  births_cdc: 'us-births-cdc-nchs-1994-2003.csv',
  births_ssa: 'us-births-ssa-2000-2014.csv',
};

export async function readSeries(file: string): Promise<Series> {
  return parseSeries(await readFile(join(dataFolder, file), 'utf8'));
}

/** Reads lines of `year,month,date_of_month,day_of_week,births` after a header line. */
export function parseSeries(text: string): Series {
  const series: Series = { days: [], births: [] };
  for (const [index, line] of text.trim().split(/\r?\n/).slice(1).entries()) {
    const fields = /^(\d{4}),(\d{1,2}),(\d{1,2}),[1-7],(\d+)$/.exec(line);
    if (fields === null)
      throw new Error(`line ${index + 2}: expected year,month,day,weekday,births, not "${line}"`);
    const [, year, month, day, births] = fields;
    series.days.push(`${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`);
    series.births.push(Number(births));
  }
  return series;
}
