import pg from 'pg';
import { writeTime } from '../domain/time/time.ts';
import type { Query } from './query.ts';

export type Statement = { text: string; values: readonly unknown[] };

export function recorded(query: Query, into: Statement[]): Query {
  return (text, values = []) => {
    into.push({ text, values });
    return query(text, values);
  };
}

/**
 * Statements as a psql script with their values in place, after the setting that row-level security
 * needs. psql finds no commands in it: values are quoted and our texts hold no backslash.
 */
export function scriptOf(tenant: string, statements: readonly Statement[]): string {
  const first = `SET app.current_tenant = ${literal(tenant)};`;
  const parts = statements.map((one) => `${headingOf(one)}${dedented(inlined(one))};`);
  return [first, ...parts].join('\n\n');
}

/** `-- backfill_jobs, backfill_samples`: the tables that a statement reads. */
function headingOf({ text }: Statement): string {
  const read = [...text.matchAll(/\b(?:from|join|lateral)\s+((?:backfill_|servo_|asset)\w+)/g)];
  const names = [...new Set(read.map(([, name]) => name))];
  return names.length === 0 ? '' : `-- ${names.join(', ')}\n`;
}

/** Replaces `$1` … by literals, but not in comments and quotes. */
function inlined({ text, values }: Statement): string {
  return replaceNumbers(text, (number) => literal(values[number - 1]));
}

function replaceNumbers(text: string, by: (number: number) => string): string {
  return text.replace(/--[^\n]*|'(?:[^']|'')*'|\$(\d+)/g, (found, number?: string) =>
    number === undefined ? found : by(Number(number)),
  );
}

/** Replaces `$1` … by untyped literals, which is what parameters are. */
export function withValues(text: string, values: readonly unknown[]): string {
  return replaceNumbers(text, (number) => {
    const value = values[number - 1];
    if (value === null || value === undefined) return 'NULL';
    return pg.escapeLiteral(Array.isArray(value) ? arrayText(value) : textOf(value));
  });
}

function textOf(value: unknown): string {
  if (value instanceof Date) return writeTime(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return quoted(Array.isArray(value) ? arrayText(value) : textOf(value));
}

/** Characters that a terminal would obey or misrepresent. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Untyped, like a parameter. */
function quoted(text: string): string {
  const escaped = pg.escapeLiteral(text).trimStart();
  if (escaped.search(unprintable) === -1) return escaped;
  const body = escaped.startsWith('E') ? escaped.slice(1) : escaped;
  return `E${body.replace(unprintable, (found) => `\\U${found.codePointAt(0)!.toString(16).padStart(8, '0')}`)}`;
}

function arrayText(values: readonly unknown[]): string {
  const items = values.map((value) => {
    if (value === null || value === undefined) return 'NULL';
    if (Array.isArray(value)) return arrayText(value);
    return `"${textOf(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  return `{${items.join(',')}}`;
}

function dedented(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const indent = Math.min(
    ...rest.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return [
    first,
    ...rest.map((line) => line.slice(Number.isFinite(indent) ? Math.max(0, indent - 2) : 0)),
  ].join('\n');
}
