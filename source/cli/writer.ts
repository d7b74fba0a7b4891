import { jsonText } from '../domain/text/safe-json.ts';
import { messageOf, type Problem, ServoError, UsageError } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Io } from './io.ts';

export type Output<Json = unknown> = {
  json: Json;
  text: () => string | Promise<string>;
  /** Not 0 if part of the command failed, or if `--exit-code` was given and it has findings. */
  exit?: number;
};

type WriteOptions = {
  json: boolean;
  /** The command has changed something; a failed print does not undo it. */
  acted: boolean;
};

/**
 * Prints one JSON document (indented on a terminal), several JSON documents one per line, or text.
 * Returns the exit code.
 * @throws ServoError output_failed if writing to stdout fails, unless the reader closed the pipe
 */
export async function write(
  output: Output | AsyncIterable<Output>,
  io: Io,
  { json, acted }: WriteOptions,
): Promise<number> {
  if (!(Symbol.asyncIterator in output)) {
    const text = json ? `${jsonText(output.json, io.stdout.isTTY ? 2 : 0)}\n` : await output.text();
    return (await printResult(io, text, acted)) ? (output.exit ?? 0) : exitOfUnread(output, acted);
  }
  let exit = 0;
  for await (const one of output) {
    const text = json ? `${jsonText(one.json)}\n` : await one.text();
    if (!(await printResult(io, text, acted))) return 0;
    exit = one.exit ?? exit;
  }
  return exit;
}

/** EPIPE: the reader closed the pipe. A read exits 0; a change keeps its exit code. */
function exitOfUnread(output: Output, acted: boolean): number {
  return acted ? (output.exit ?? 0) : 0;
}

/**
 * Returns false if the reader closed the pipe (`| head -1`).
 * @throws ServoError output_failed if writing to stdout fails
 */
export async function printResult(io: Io, text: string, acted: boolean): Promise<boolean> {
  try {
    await print(io.stdout, text);
    return true;
  } catch (cause) {
    if (isClosedPipe(cause)) return false;
    const reason = messageOf(cause);
    if (!acted) {
      throw new ServoError('output_failed', `cannot write to stdout: ${reason}`, { cause });
    }
    throw new ServoError(
      'output_failed',
      `done, but the result cannot be written to stdout (${reason}): ${text.trim().slice(0, 10_000)}`,
      { hint: 'do not run it again: what it did is in the journal (servo-tui events)', cause },
    );
  }
}

export function isClosedPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}

/** Resolves when the text has left this process, so that a slow reader slows the writer down. */
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
    io.stderr.write(`${safeText(lines.join('\n'), { lines: true, cap: 100_000 })}\n`);
  }
  return told.exitCode;
}

export function asServoError(error: unknown): ServoError {
  if (error instanceof ServoError) return error;
  // The operating system refused, e.g. a full disk or an unreadable file: not an internal error.
  if (error instanceof Error && 'errno' in error && 'syscall' in error) {
    return new ServoError('system', messageOf(error), { cause: error });
  }
  return new ServoError('internal', `internal error: ${messageOf(error)}`, {
    hint: 'a fault of servo-tui: run it again with --verbose, and report what it says',
    cause: error,
  });
}

/** `message — hint`. A hint that the message already contains is left out. */
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
