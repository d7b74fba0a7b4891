import type { Variables } from '../config.ts';

export type Io = {
  env: Variables;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  interactive: boolean;
};

export function processIo(): Io {
  const { env, stdin, stdout, stderr } = process;
  return { env, stdin, stdout, stderr, interactive: Boolean(stdin.isTTY && stdout.isTTY) };
}

/** Whether the console can be drawn. A dumb terminal prints cursor sequences as text. */
export function canPaint({ interactive, env }: Io): boolean {
  return interactive && env.TERM !== 'dumb';
}

/**
 * False in the locale C or POSIX or with a non-UTF-8 charset; true without a locale, as in most
 * containers.
 */
export function hasUnicode({ env }: Pick<Io, 'env'>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const charset = /\.([^@]+)/.exec(locale)?.[1];
  return charset === undefined ? !/^(C|POSIX)$/.test(locale) : /^utf-?8$/i.test(charset);
}

/** Prompts on stderr, because stdout carries only the result. Returns '' at the end of input. */
export async function ask(io: Io, question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const readline = createInterface({ input: io.stdin, output: io.stderr });
  const closed = new Promise<string>((resolve) => readline.once('close', () => resolve('')));
  try {
    return (await Promise.race([readline.question(question), closed])).trim();
  } finally {
    readline.close();
  }
}

export async function confirm(io: Io, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(io, `${question} [y/N] `));
}

export async function readAll(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
