import type pg from 'pg';
import type { IndexStatement } from './migration-file.ts';

/**
 * Builds an index on a table that is in use, unless one of its shape is there already, under whatever name.
 * Waits up to `timeout` ms for transactions that began earlier: that keeps nobody else waiting.
 */
export async function buildIndex(
  client: pg.Client,
  index: IndexStatement,
  timeout: number,
): Promise<void> {
  if (await hasIndex(client, index)) return;
  await client.query(`set lock_timeout = ${Math.max(1, Math.ceil(timeout))}`);
  // What one that was cut off has left.
  const { rows } = await client.query<{ name: string }>(
    `select indexrelid::regclass::text as name from pg_index join pg_class c on c.oid = indexrelid
     where not indisvalid and indrelid = $1::regclass and relname = $2`,
    [index.table, index.name],
  );
  for (const { name } of rows) await client.query(`drop index concurrently ${name}`);
  await client.query(index.text);
}

/** The server compares: in an empty copy of the table it writes the shape as it writes those that are there. */
async function hasIndex(client: pg.Client, index: IndexStatement): Promise<boolean> {
  await client.query('begin');
  try {
    await client.query(`create table servo_shape (like ${index.table})`);
    await client.query(`create index servo_shape_index on servo_shape ${index.shape}`);
    const { rows } = await client.query<{ exists: boolean }>(
      `select exists (select from pg_index
         where indrelid = $1::regclass and indisvalid and (indisunique or not $2)
           and ${shapeOf('indexrelid')} = ${shapeOf("'servo_shape_index'::regclass")}) as exists`,
      [index.table, index.unique],
    );
    return rows[0]!.exists;
  } finally {
    await client.query('rollback');
  }
}

function shapeOf(index: string): string {
  return `regexp_replace(pg_get_indexdef(${index}), '^.*? USING ', '')`;
}
