#!/usr/bin/env node
// Stands in for psql: `psql URL -c SQL`, and prints what each statement gave as JSON.
import pg from 'pg';

const [url, flag, sql] = process.argv.slice(2);
if (flag !== '-c') throw new Error(`only psql URL -c SQL, not ${process.argv.slice(2).join(' ')}`);
const client = new pg.Client(url);
await client.connect();
const results = [await client.query(sql)].flat();
await client.end();
process.stdout.write(
  `${JSON.stringify(results.map(({ command, rowCount, rows }) => ({ command, rowCount, rows })))}\n`,
);
