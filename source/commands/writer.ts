import { jsonText } from '../domain/text/safe-json.ts';
import { messageOf, type Problem, ServoError, UsageError } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Output } from './command.ts';
import type { Io } from './io.ts';

export type WriteOptions = {
  json: boolean;
  /** The command has changed something: that it cannot be told does not undo it. */
  acted: boolean;
};

/**
 * Prints what a command has to say: one JSON document (indented for a terminal), one JSON document a
 * line where there are several, or text. Returns the exit code.
 * @throws ServoError output_failed where stdout takes no more, but for a reader that closed the pipe
 */
export async function write(
  output: Output | AsyncIterable<Output>,
  io: Io,
  { json, acted }: WriteOptions,
): Promise<number> {
  if (!(Symbol.asyncIterator in output)) {
    const text = json ? `${jsonText(output.json, io.stdout.isTTY ? 2 : 0)}\n` : await output.text();
    return (await tell(io, text, acted)) ? (output.exit ?? 0) : exitOfUnread(output, acted);
  }
  let exit = 0;
  for await (const one of output) {
    const text = json ? `${jsonText(one.json)}\n` : await one.text();
    if (!(await tell(io, text, acted))) return 0;
    exit = one.exit ?? exit;
  }
  return exit;
}

/** A reader that has seen enough is content; what was done stays as it was, whoever reads of it. */
function exitOfUnread(output: Output, acted: boolean): number {
  return acted ? (output.exit ?? 0) : 0;
}

/** False where the reader closed the pipe (`| head -1`). */
async function tell(io: Io, text: string, acted: boolean): Promise<boolean> {
  try {
    await print(io.stdout, text);
    return true;
  } catch (cause) {
    if (isClosedPipe(cause)) return false;
    const why = messageOf(cause);
    if (!acted) {
      throw new ServoError('output_failed', `cannot write to stdout: ${why}`, { cause });
    }
    throw new ServoError(
      'output_failed',
      `done, but the result cannot be written to stdout (${why}): ${text.trim().slice(0, 10_000)}`,
      { hint: 'do not run it again: what it did is in the journal (servo-tui events)', cause },
    );
  }
}

export function isClosedPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}

/** Resolves when the text is out of this process, so that a slow reader slows the writer down. */
export function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Prints an error: a line for each mistake, or `{"error": {…}}`. Returns the exit code. */
export function writeError(
  error: unknown,
  io: Io,
  options: { json: boolean; verbose: boolean },
): number {
  const told = asServoError(error);
  const problems = told instanceof UsageError ? told.problems : [told];
  if (options.json) {
    const { code, message, hint = null } = told;
    const body = {
      code,
      message,
      hint,
      ...(options.verbose ? { causes: causes(error) } : {}),
      ...(problems.length > 1
        ? { problems: problems.map(({ message, hint = null }) => ({ message, hint })) }
        : {}),
    };
    io.stderr.write(`${jsonText({ error: body })}\n`);
  } else {
    const lines = [...problems.map(lineOf), ...(options.verbose ? causes(error) : [])];
    // They name what is in the database.
    io.stderr.write(`${safeText(lines.join('\n'), { lines: true, cap: 100_000 })}\n`);
  }
  return told.exitCode;
}

export function asServoError(error: unknown): ServoError {
  if (error instanceof ServoError) return error;
  // A full disk, a file that may not be read, no memory: what the operating system refuses is no fault of ours.
  if (error instanceof Error && 'errno' in error && 'syscall' in error) {
    return new ServoError('system', messageOf(error), { cause: error });
  }
  return new ServoError('internal', `internal error: ${messageOf(error)}`, {
    hint: 'a fault of servo-tui: run it again with --verbose, and report what it says',
    cause: error,
  });
}

/** `what happened — what to do next`, without the second where the first already says it. */
function lineOf({ message, hint }: Problem): string {
  return hint === undefined || message.includes(hint) ? message : `${message} — ${hint}`;
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    lines.push(cause.stack ?? String(cause));
  }
  return lines;
}
