import { messageOf, type Problem, ServoError, UsageError } from '../errors.ts';
import { safeText } from '../presentation/safe-text.ts';
import type { Output } from './command.ts';
import type { Io } from './io.ts';

/**
 * Prints what a command has to say: one JSON document (indented for a terminal), one JSON document a
 * line where there are several, or text. Returns the exit code.
 */
export async function write(
  output: Output | AsyncIterable<Output>,
  io: Io,
  json: boolean,
): Promise<number> {
  if (!(Symbol.asyncIterator in output)) {
    const text = json
      ? `${JSON.stringify(output.json, null, io.stdout.isTTY ? 2 : 0)}\n`
      : await output.text();
    await print(io.stdout, text);
    return output.exit ?? 0;
  }
  let exit = 0;
  for await (const one of output) {
    await print(io.stdout, json ? `${JSON.stringify(one.json)}\n` : await one.text());
    exit = one.exit ?? exit;
  }
  return exit;
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
    io.stderr.write(`${JSON.stringify({ error: body })}\n`);
  } else {
    const lines = [...problems.map(lineOf), ...(options.verbose ? causes(error) : [])];
    // They name what is in the database.
    io.stderr.write(`${safeText(lines.join('\n'), { lines: true, cap: 100_000 })}\n`);
  }
  return told.exitCode;
}

export function asServoError(error: unknown): ServoError {
  if (error instanceof ServoError) return error;
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
