import type { LogOptions } from '../observability/log.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';

/** Pretty for a person at a terminal, JSON for everybody else. */
export function logOptions(flags: Flags, io: Io): LogOptions {
  return {
    verbose: flags.has('verbose'),
    pretty: Boolean(io.stderr.isTTY) && !flags.has('plain') && !flags.has('json'),
  };
}
