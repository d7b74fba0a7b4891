import type { Flags } from '../../cli/flags.ts';
import type { Io } from '../../cli/io.ts';
import type { LogOptions } from '../../observability/log.ts';

/** Pretty for a person at a terminal, JSON for everybody else. */
export function logOptions(flags: Flags, io: Io): LogOptions {
  return {
    verbose: flags.has('verbose'),
    pretty: Boolean(io.stderr.isTTY) && !flags.has('plain') && !flags.has('json'),
  };
}
