import type { Needs } from '../config.ts';
import type { FlagRow, Flags } from './flags.ts';

/** What the command line knows of a command: its name, its words and flags, its help. */
export type Spec = {
  name: string;
  also?: readonly string[];
  /** What follows the name: `JOB… [--reason R]`. */
  usage: string;
  summary: string;
  flags: readonly FlagRow[];
  /** Command lines without the program's name, each with what it does. */
  examples: readonly (readonly [line: string, what: string])[];
  needs: Needs;
  /**
   * Whether it changes anything but its own output, run like this. Read-only mode (flag, variable,
   * context) refuses such a run before anything is opened (read-only.ts).
   */
  writes: boolean | ((flags: Flags, input: readonly string[]) => boolean);
  /** Whether it runs until SIGTERM or SIGINT, which it answers from its first moment. */
  service?: boolean;
  words: { least: number; most: number };
};

/** The commands, as the command line is handed them. */
export type Table<C extends { spec: Spec }> = {
  /** Without a word: the console, and with --worker the executor. */
  console: C;
  worker: C;
  named: readonly C[];
};

export function specsOf({ console, worker, named }: Table<{ spec: Spec }>): Spec[] {
  return [console, worker, ...named].map(({ spec }) => spec);
}

export function titleOf({ name }: Pick<Spec, 'name'>): string {
  return name === 'console' ? 'servo-tui' : `servo-tui ${name}`;
}

/** What most commands need: a database, and one tenant on it. */
export const onTenant: Needs = { database: true, tenants: 'one' };

export const anyNumber = Number.POSITIVE_INFINITY;
