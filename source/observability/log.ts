import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Levels below `info` are for `--verbose`. */
export type LogOptions = { verbose?: boolean; pretty?: boolean };

/**
 * One JSON line per event on stderr, with `timestamp`, `level` and `message`, and where they apply `job_id`,
 * `partition_key`, `executor_id`: the names that the runbooks' log queries use. Pretty for a person at a terminal.
 */
export async function createLog(options: LogOptions = {}): Promise<Log> {
  const destination = options.pretty
    ? (await import('pino-pretty')).default({
        destination: 2,
        sync: true,
        messageKey: 'message',
        timestampKey: 'timestamp',
        ignore: 'executor_id,pid,hostname',
      })
    : // Synchronous: the lines before a crash are the ones that matter.
      pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level: options.verbose ? 'debug' : 'info',
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      base: null,
    },
    destination,
  );
}

/** A log that goes nowhere. */
export const silentLog: Log = pino({ level: 'silent' });
