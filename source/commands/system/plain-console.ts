import { createInterface } from 'node:readline';
import { failureOf } from '../../app/run-effect.ts';
import type { Io } from '../../cli/io.ts';
import { backgroundEffects, clock } from '../../console/app/effects.ts';
import { Store } from '../../console/app/store.ts';
import type { DataAnswer, Effect, RunEffect } from '../../console/model/effects.ts';
import type { ConsoleOptions } from '../../console/model/state.ts';
import { PlainView, plainOptions } from '../../console/plain/view.ts';
import { toAscii } from '../../presentation/text/ascii.ts';

export type PlainOptions = {
  perform: RunEffect;
  begin: Pick<ConsoleOptions, 'labels' | 'read_only' | 'zone' | 'interval_ms'>;
  ascii: boolean;
};

/** Signals that end it, with the exit codes that shells expect. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** For a screen reader or a dumb terminal: nothing is painted over. Returns the exit code. */
export async function runPlain(io: Io, { perform, begin, ascii }: PlainOptions): Promise<number> {
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let isOver = false;
  const background = backgroundEffects(perform, () => store);
  const carryOut = (effect: Effect) => {
    if (effect.type === 'data') background.data(effect);
    if (effect.type === 'timer') background.timer(effect);
    if (effect.type === 'stop-timer') background['stop-timer'](effect);
    if (effect.type === 'exit') end(effect.code);
  };
  const store = new Store({ ...begin, ...plainOptions }, carryOut);
  const view = new PlainView(store, {
    print: (line) => isOver || io.stdout.write(`${ascii ? toAscii(line) : line}\n`),
    ask: (effect, reply) =>
      perform(effect, 0)
        .catch((error: unknown): DataAnswer => ({ type: 'failure', failure: failureOf(error) }))
        .then(reply),
    clock,
  });
  const input = createInterface({ input: io.stdin, terminal: false });
  const listeners = Object.entries(signals).map(([name, code]) => {
    const listener = () => end(code);
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  input.on('line', (text) => view.line(text));
  input.on('close', () => end(0));
  io.stdout.on('error', () => end(0));
  view.start();
  const code = await ended;
  isOver = true;
  store.close();
  background.close();
  for (const remove of listeners) remove();
  input.close();
  return code;
}
