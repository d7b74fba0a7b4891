import type pg from 'pg';

/** As long as an ordinary answer may take; the connection is new. */
const timeoutMs = 5_000;

/**
 * Whether a pooler stands between this client and the database: it gives its clients process ids of its own making.
 * What lasts as long as a session (LISTEN, advisory locks, a backend's pid) is then not the client's.
 */
export async function isPooled(client: pg.ClientBase): Promise<boolean> {
  const query = { text: 'select pg_backend_pid() as pid', query_timeout: timeoutMs };
  const { rows } = await client.query(query);
  return rows[0].pid !== (client as unknown as { processID: number }).processID;
}
