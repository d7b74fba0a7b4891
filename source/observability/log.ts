import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeUnsafe } from '../domain/text/safe-json.ts';
import { BoundedOutput, stderrWriter } from './bounded-output.ts';

export type Log = Logger;

/** Levels below `info` are for `--verbose`. */
export type LogOptions = { verbose?: boolean; pretty?: boolean };

/**
 * One JSON line per event on stderr, with `timestamp`, `level` and `message`, and where they apply `job_id`,
 * `partition_key`, `executor_id`: the names that the runbooks' log queries use. Pretty for a person at a terminal. A stderr that
 * nobody reads, or that cannot be written, stops nothing: lines are left out, and their number is told when it flows again.
 */
export async function createLog(options: LogOptions = {}): Promise<Log> {
  const output = new BoundedOutput({
    write: stderrWriter(),
    dropped: (lines) => log.warn(`${lines} log lines were dropped: stderr could not be written`),
  });
  process.once('exit', () => output.end());
  const destination = options.pretty
    ? await prettyStream(output)
    : { write: (line: string) => output.write(escapeUnsafe(line)) };
  const log = pino(
    {
      level: options.verbose ? 'debug' : 'info',
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      base: null,
    },
    destination,
  );
  return log;
}

/** Writes each event at once, as the JSON lines are. */
async function prettyStream(output: BoundedOutput): Promise<DestinationStream> {
  const { prettyFactory } = (await import('pino-pretty')).default;
  const pretty = prettyFactory({
    messageKey: 'message',
    timestampKey: 'timestamp',
    ignore: 'executor_id,pid,hostname',
  });
  return { write: (line) => output.write(pretty(shown(line))) };
}

/** What is unsafe to show is written out before the colours come, which are escape sequences too. */
function shown(line: string): string {
  const text = (_: string, value: unknown) =>
    typeof value === 'string' ? escapeUnsafe(value) : value;
  return JSON.stringify(JSON.parse(line, text));
}

/** A log that goes nowhere. */
export const silentLog: Log = pino({ level: 'silent' });
