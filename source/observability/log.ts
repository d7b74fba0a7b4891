import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeUnsafe } from '../domain/text/safe-json.ts';
import { BoundedOutput, stderrWriter } from './bounded-output.ts';

export type Log = Logger;

/** `verbose` adds the level `debug`. */
export type LogOptions = { verbose?: boolean; pretty?: boolean };

/**
 * The names are those of the runbooks' log queries. A blocked stderr stops nothing: lines are
 * dropped, and their number is logged afterwards.
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

async function prettyStream(output: BoundedOutput): Promise<DestinationStream> {
  const { prettyFactory } = (await import('pino-pretty')).default;
  const pretty = prettyFactory({
    messageKey: 'message',
    timestampKey: 'timestamp',
    ignore: 'executor_id,pid,hostname',
  });
  return { write: (line) => output.write(pretty(shown(line))) };
}

/** Escapes unsafe text before the colours are added, which are escape sequences too. */
function shown(line: string): string {
  const text = (_: string, value: unknown) =>
    typeof value === 'string' ? escapeUnsafe(value) : value;
  return JSON.stringify(JSON.parse(line, text));
}

export const silentLog: Log = pino({ level: 'silent' });
