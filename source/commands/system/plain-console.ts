import { createInterface } from 'node:readline';
import type { Io } from '../../cli/io.ts';
import type { RunEffect } from '../../console/effects.ts';
import { initialPlain, type PlainEffect, type PlainMessage } from '../../console/plain/state.ts';
import { plainUpdate } from '../../console/plain/update.ts';
import { toAscii } from '../../presentation/text/ascii.ts';

export type PlainOptions = {
  perform: RunEffect;
  begin: Parameters<typeof initialPlain>[0];
  ascii: boolean;
};

/** Signals that end it, with the exit codes that shells expect. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * The console for a screen reader or a dumb terminal: lines in, lines out, nothing is painted over.
 * Until `quit`, the end of the input, or a signal. Returns the exit code.
 */
export async function runPlain(io: Io, { perform, begin, ascii }: PlainOptions): Promise<number> {
  let present = initialPlain(begin);
  let over = false;
  const timers = new Map<string, NodeJS.Timeout>();
  const input = createInterface({ input: io.stdin, terminal: false });
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const dispatch = (message: PlainMessage) => {
    if (over) return;
    const { state: next, lines = [], effects = [] } = plainUpdate(present, message);
    present = next;
    for (const line of lines) io.stdout.write(`${ascii ? toAscii(line) : line}\n`);
    for (const effect of effects) carryOut(effect);
  };
  const carryOut = (effect: PlainEffect) => {
    if (effect.type === 'exit') return end(effect.code);
    if (effect.type === 'timer') {
      const { name, after_ms } = effect;
      clearTimeout(timers.get(name));
      const fire = () => dispatch({ type: 'timer', name, at: performance.now() });
      timers.set(name, setTimeout(fire, after_ms));
      return;
    }
    perform(effect.effect, 0).then((answer) =>
      dispatch({ type: 'answered', effect: effect.effect, answer, at: performance.now() }),
    );
  };
  const listeners = Object.entries(signals).map(([name, code]) => {
    const listener = () => end(code);
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  input.on('line', (text) => dispatch({ type: 'line', text, at: performance.now() }));
  input.on('close', () => end(0));
  io.stdout.on('error', () => end(0));
  dispatch({ type: 'started', at: performance.now() });
  const code = await ended;
  over = true;
  for (const timer of timers.values()) clearTimeout(timer);
  for (const remove of listeners) remove();
  input.close();
  return code;
}
