import type { JobView } from '../../domain/job/job.ts';
import type { Zone } from './format.ts';
import type { Cell } from './tone.ts';

export type Item<Row> = { row: Row; job: JobView | null };

export type DetailContext = {
  as_of: Date;
  zone: Zone;
  /** Key by action: `pause` → `p`. */
  keys: Readonly<Record<string, string>>;
};

export type Detail<Row, Data = unknown> = (
  item: Item<Row>,
  context: DetailContext,
  data: Data,
) => Cell[][];
