import type { Needs } from '../config.ts';
import type { FlagRow, Flags } from './flags.ts';

export type Spec = {
  name: string;
  also?: readonly string[];
  /** Usage after the name: `JOB… [--reason R]`. */
  usage: string;
  summary: string;
  flags: readonly FlagRow[];
  examples: readonly (readonly [line: string, what: string])[];
  needs: Needs;
  /**
   * Whether such a run changes anything but its output: read-only mode refuses it (read-only.ts).
   */
  writes: boolean | ((flags: Flags, input: readonly string[]) => boolean);
  /** Whether it runs until SIGTERM or SIGINT; it handles them from process start. */
  service?: boolean;
  words: { least: number; most: number };
};

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

export const onTenant: Needs = { database: true, tenants: 'one' };

export const anyNumber = Number.POSITIVE_INFINITY;
