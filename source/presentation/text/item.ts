import type { JobView } from '../../domain/job/job.ts';
import type { Zone } from './format.ts';
import type { Cell } from './tone.ts';

/** A row of a list with the job that it is about, where there is one and it still exists. */
export type Item<Row> = { row: Row; job: JobView | null };

export type DetailContext = {
  as_of: Date;
  zone: Zone;
  /** The keys by what they do to a job: `pause` → `p`. */
  keys: Readonly<Record<string, string>>;
};

/** What is known of a row, line by line, for the place under its list. */
export type Detail<Row, Data = unknown> = (
  item: Item<Row>,
  context: DetailContext,
  data: Data,
) => Cell[][];
