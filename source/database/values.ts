import pg from 'pg';
import { readTime, writeTime } from '../domain/time/time.ts';

/**
 * The one place that converts values of the database and back. Other programs write the same rows,
 * so every value that a column can hold is accepted, and none raises an error later.
 */
export const types = new pg.TypeOverrides();
/** bigint: milliseconds and journal ids, mostly far below 2^53; exact to 16 digits beyond that. */
types.setTypeParser(20, Number);
/** timestamptz: a Date, or a FarTime. */
types.setTypeParser(1184, (text: string) => readTime(text));

/** Dates as UTC text; far times as the database wrote them. */
export function outgoing(values: readonly unknown[]): unknown[] {
  return values.map(sent);
}

function sent(value: unknown): unknown {
  if (value instanceof Date) return writeTime(value);
  return Array.isArray(value) ? value.map(sent) : value;
}
