import type pg from 'pg';

const timeoutMs = 5_000;

/**
 * Whether a pooler stands between client and database: it invents the process id it reports.
 * LISTEN, advisory locks and the backend's pid then do not belong to the client.
 */
export async function isPooled(client: pg.ClientBase): Promise<boolean> {
  const query = { text: 'select pg_backend_pid() as pid', query_timeout: timeoutMs };
  const { rows } = await client.query(query);
  return rows[0].pid !== (client as unknown as { processID: number }).processID;
}
