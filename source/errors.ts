/**
 * The same for every command ("Scripting" in the README); 129, 130, 143 are the shell's for SIGHUP,
 * SIGINT, SIGTERM.
 */
export const exitCodes = {
  internal: 1,
  system: 1,
  usage: 2,
  not_found: 3,
  not_allowed: 4,
  permission_denied: 4,
  database_unreachable: 5,
  schema: 6,
  partial: 7,
  no_visibility: 8,
  not_completed: 9,
  findings: 10,
  output_failed: 11,
  interrupted: 130,
} as const;

export type ErrorCode = keyof typeof exitCodes;

/**
 * An error for the user. Any other error exits with 1: a refusal of the operating system
 * (`system`), or our own fault.
 */
export class ServoError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ServoError';
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }
}

export type Problem = { message: string; hint?: string };

/** All mistakes of one command line, reported together. */
export class UsageError extends ServoError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const hints = problems.flatMap((problem) => problem.hint ?? []);
    super('usage', problems.map((problem) => problem.message).join('; '), {
      hint: hints.length > 0 ? [...new Set(hints)].join('; ') : undefined,
    });
    this.name = 'UsageError';
    this.problems = problems;
  }
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
