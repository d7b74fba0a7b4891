/** Values that the column type allows but a healthy job never has. */
export const oddValues: Readonly<Record<string, readonly string[]>> = {
  timestamptz: [
    'infinity',
    '-infinity',
    '294276-12-31 23:59:59.999999+00',
    '4713-01-01 00:00:00+00 BC',
    '0044-03-15 12:00:00+00 BC',
    '12026-11-30 00:00:00+00',
  ],
  int4: ['-2147483648', '-1', '0', '2147483647'],
  int8: ['-9223372036854775808', '-1', '0', '9223372036854775807'],
  float8: ['NaN', 'Infinity', '-Infinity', '-1', '0', '1e308'],
  bool: ['true', 'false'],
  jsonb: [
    'null',
    '[]',
    '"words"',
    '1',
    '[null, 1, {"a": []}]',
    '{"type": "parallel", "max_parallel": 1e300, "max_attempts": -1, "timeout_ms": "never", "order": 7}',
  ],
  varchar: ['', 'frobnicating', '\u0001\u001b[31m\u202e', '\uffff\u{10ffff}'.repeat(100)],
  text: ['', 'x'.repeat(100_000), '\u0001\u001b[31m\u202e', '\uffff\u{10ffff}'.repeat(100)],
  uuid: ['00000000-0000-0000-0000-000000000000'],
  _uuid: ['{}', '{00000000-0000-0000-0000-000000000000,NULL}'],
};

/** Columns that identify a row or refer to another one. */
const identity = ['id', 'tenant_id', 'asset_id', 'parent_job_id', 'backfill_job_id'];

export type OddColumn = { table_name: string; column_name: string; udt_name: string };

/** Columns of jobs and partitions. Drops the checks that other bases may lack. */
export async function oddColumns(sql: <Row>(text: string) => Promise<Row[]>): Promise<OddColumn[]> {
  await sql(
    'alter table backfill_jobs drop constraint valid_backfill_state, drop constraint if exists valid_upstream_counts',
  );
  await sql('alter table backfill_partitions drop constraint valid_partition_state');
  const columns = await sql<OddColumn>(
    `select table_name, column_name, udt_name from information_schema.columns
     where table_schema = current_schema() and table_name in ('backfill_jobs', 'backfill_partitions') order by 1, 2`,
  );
  return columns.filter(({ column_name }) => !identity.includes(column_name));
}

/** False for a constraint violation: the schema cannot hold that value. Rethrows other errors. */
export function isRefusal(error: { code?: string }): false {
  if (/^(23|22001)/.test(error.code ?? '')) return false;
  throw error;
}
