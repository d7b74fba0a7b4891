import { nearest } from '../domain/text/nearest.ts';
import type { Problem } from '../errors.ts';

/** One flag. Parser, help, completion and SERVO_* variables are built from these rows. */
export type FlagRow = {
  name: string;
  /** Placeholder of its value in the help; a flag without one is a switch. */
  value?: string;
  multiple?: boolean;
  also?: readonly string[];
  variable?: boolean;
  help: string;
};

export const globalFlags: readonly FlagRow[] = [
  { name: 'json', help: 'one JSON document on stdout; nothing ever prompts' },
  { name: 'context', value: 'NAME', help: 'read settings only from this section of config.toml' },
  { name: 'tenant', value: 'T', help: 'tenant of the jobs; several with --worker: a,b' },
  { name: 'embedded', help: 'the built-in database' },
  { name: 'read-only', help: 'refuse every command that writes' },
  { name: 'yes', help: 'skip confirmations' },
  { name: 'actor', value: 'NAME', help: 'name that the journal records for actions' },
  { name: 'no-color', help: 'no colours (NO_COLOR does the same)' },
  { name: 'ascii', help: 'no characters outside ASCII' },
  { name: 'background', value: 'B', help: 'background of the terminal: dark or light' },
  { name: 'plain', help: 'no boxes and no repainting' },
  { name: 'interval', value: 'D', help: 'time between refreshes, e.g. 500ms or 2s' },
  { name: 'utc', help: 'times in UTC' },
  { name: 'verbose', help: 'log more to stderr, with the causes of errors' },
].map((row) => ({ ...row, variable: true }));

export const endingFlags: readonly FlagRow[] = [
  { name: 'help', also: ['h'], help: 'this text' },
  { name: 'version', help: 'the version' },
];

/** `read-only` → SERVO_READ_ONLY. */
export function variableOf(row: FlagRow): string {
  return `SERVO_${row.name.toUpperCase().replaceAll('-', '_')}`;
}

export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[] | true>;

  constructor(values: ReadonlyMap<string, readonly string[] | true>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    return value === undefined || value === true ? [] : value;
  }
}

/** An invalid value. `expected` describes valid ones: `100ms to 1h, e.g. 2s`. */
export function invalid(flag: string, value: string, expected: string): Problem {
  return { message: `invalid --${flag} "${value}": expected ${expected}` };
}

export function unknownValue(what: string, word: string, known: readonly string[]): Problem {
  const near = nearest(word, known);
  const all = `known are ${known.join(', ')}`;
  return {
    message: `unknown ${what} "${word}"`,
    hint: near === null ? all : `did you mean ${near}? ${all}`,
  };
}

const highestLimit = 10_000;

export function readLimit(
  text: string | undefined,
  byDefault: number,
  problems: Problem[],
): number {
  if (text === undefined) return byDefault;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= highestLimit) return limit;
  problems.push(invalid('limit', text, `a whole number from 1 to ${highestLimit}`));
  return byDefault;
}
