import type { Needs, Settings } from '../config.ts';
import type { FlagRow, Flags } from './flags.ts';
import type { Io } from './io.ts';

/** One command of the command line: a row of the table in table.ts. */
export type Command = {
  name: string;
  /** Other names for it. */
  also?: readonly string[];
  /** What follows the name: `JOB… [--reason R]`. */
  usage: string;
  summary: string;
  flags: readonly FlagRow[];
  /** Command lines without the program's name, each with what it does. */
  examples: readonly (readonly [line: string, what: string])[];
  needs: Needs;
  /**
   * Whether it changes anything but its own output, run like this. Read-only mode (flag, variable, context) refuses such a run
   * before anything is opened (source/cli/read-only.ts).
   */
  writes: boolean | ((flags: Flags, input: readonly string[]) => boolean);
  /** Whether it runs until SIGTERM or SIGINT, which it answers in order from its first moment. */
  service?: boolean;
  /** How many words it takes. */
  words: { least: number; most: number };
  /** Loaded only when it runs, so that none pays for the others. */
  load(): Promise<Run>;
};

/** What a command is run with. */
export type Invocation = {
  command: Command;
  input: readonly string[];
  flags: Flags;
  settings: Settings;
  io: Io;
};

/** What a command has to say: `json` as its schema says, `text` for a person, made only when asked for. */
export type Output = {
  json: unknown;
  text: () => string | Promise<string>;
  /** Other than 0 where a part of it failed, or findings were asked for. */
  exit?: number;
};

/** A command that watches gives one output after the other; the console and a worker give none. */
export type Run = (
  invocation: Invocation,
) => Promise<Output | AsyncIterable<Output> | { exit: number }>;
