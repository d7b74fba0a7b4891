import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { type Executor, startExecutor } from '../../source/executor/executor.ts';
import { defaultTimings, type Timings } from '../../source/executor/settings.ts';
import type { Handler, HandlerContext } from '../../source/handlers/handler.ts';
import { silentLog } from '../../source/observability/log.ts';

/** A handler in this process, which calls `work` and has completed. */
export function handlerOf(
  asset: string,
  work: (context: HandlerContext) => unknown = () => undefined,
): Handler {
  const run = async (context: HandlerContext) => {
    await work(context);
    return { outcome: { kind: 'completed' } } as const;
  };
  return { asset, kind: 'function', run };
}

/** An executor in this process with default timings, drained after `work`. */
export async function withExecutor<T>(
  settings: ConnectionSettings,
  handlers: readonly Handler[],
  options: { slots: number; timings?: Partial<Timings> },
  work: (executor: Executor) => Promise<T>,
): Promise<T> {
  const executor = await startExecutor({
    settings,
    tenants: ['bench'],
    catalogue: new Map(handlers.map((handler) => [handler.asset, handler])),
    slots: options.slots,
    grace: 1_000,
    timings: { ...defaultTimings, ...options.timings },
    log: () => silentLog,
  });
  try {
    return await work(executor);
  } finally {
    await executor.drain();
  }
}

/** What is told of jobs while `work` goes on: each notification ends the wait of everybody who waits. */
export async function withNotifications<T>(
  settings: ConnectionSettings,
  work: (client: Client, notified: () => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const client = new Client(settings);
  await client.connect();
  try {
    await client.query('listen servo');
    return await work(client, () => new Promise((resolve) => client.once('notification', resolve)));
  } finally {
    await client.end();
  }
}

/** Resolves when the job has ended, to the seconds from its start to its end on the database's clock. Throws where it has not completed. */
export function jobSeconds(settings: ConnectionSettings, job: string): Promise<number> {
  return withNotifications(settings, async (client, notified) => {
    for (;;) {
      const next = notified();
      const { rows } = await client.query(
        `select state, total_partitions as total, extract(epoch from completed_at - started_at)::float8 as seconds,
           (select count(*)::int from backfill_partitions where backfill_job_id = j.id and state = 'completed') as completed
         from backfill_jobs j where id = $1 and state not in ('pending', 'running', 'resuming', 'paused')`,
        [job],
      );
      if (rows.length > 0) {
        if (rows[0].state !== 'completed' || rows[0].completed !== rows[0].total)
          throw new Error(`the job ended ${JSON.stringify(rows[0])}`);
        return rows[0].seconds;
      }
      await next;
    }
  });
}

export function assetName(what: string): string {
  return `${what} ${randomUUID().slice(0, 8)}`;
}
