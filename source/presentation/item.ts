import type { JobView } from '../domain/job.ts';
import type { Zone } from './format.ts';
import type { Cell } from './tone.ts';

/** A row of a list with the job that it is about, where there is one and it still exists. */
export type Item<Row> = { row: Row; job: JobView | null };

/** What is known of a row, line by line, for the place under its list. */
export type Detail<Row> = (item: Item<Row>, context: { as_of: Date; zone: Zone }) => Cell[][];
