import pg from 'pg';
import { readTime, writeTime } from '../domain/time/time.ts';

/**
 * The one place where values of the database become values of the program, and back. Other programs write the same rows: whatever a
 * column can hold is read as what it is, and nothing that is read raises an error later.
 */
export const types = new pg.TypeOverrides();
/** bigint: milliseconds and journal ids, mostly far below 2^53; beyond that to 16 digits. */
types.setTypeParser(20, Number);
/** timestamptz: a Date, or a FarTime. */
types.setTypeParser(1184, (text: string) => readTime(text));

/** What a parameter is sent as: dates in UTC, and those that are far as the database wrote them. */
export function outgoing(values: readonly unknown[]): unknown[] {
  return values.map(sent);
}

function sent(value: unknown): unknown {
  if (value instanceof Date) return writeTime(value);
  return Array.isArray(value) ? value.map(sent) : value;
}
