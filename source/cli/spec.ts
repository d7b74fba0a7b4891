import type { Needs } from '../config.ts';
import type { FlagRow, Flags } from './flags.ts';

/** The command-line interface of a command: name, words, flags and help. */
export type Spec = {
  name: string;
  also?: readonly string[];
  /** Usage after the name: `JOB… [--reason R]`. */
  usage: string;
  summary: string;
  flags: readonly FlagRow[];
  /** Command lines without the program's name, each with a description. */
  examples: readonly (readonly [line: string, what: string])[];
  needs: Needs;
  /**
   * Whether a run with these flags and words changes anything but its own output. Read-only mode
   * (flag, variable, context) refuses such a run before anything is opened (read-only.ts).
   */
  writes: boolean | ((flags: Flags, input: readonly string[]) => boolean);
  /** Whether it runs until SIGTERM or SIGINT; it handles them from process start. */
  service?: boolean;
  words: { least: number; most: number };
};

/** The commands that the command line can run. */
export type Table<C extends { spec: Spec }> = {
  /** Run if no command is named: the console, or with --worker the executor. */
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

/** The flags that most commands need: a database, and one tenant in it. */
export const onTenant: Needs = { database: true, tenants: 'one' };

export const anyNumber = Number.POSITIVE_INFINITY;
