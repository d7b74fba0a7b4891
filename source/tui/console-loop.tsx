import type { ReadStream } from 'node:tty';
import chalk from 'chalk';
import { type Instance, render, useInput } from 'ink';
import type { Effect, Failure, TimerName } from '../console/effects.ts';
import { type Decoder, decodeInput, idleDecoder } from '../console/input.ts';
import { keymap } from '../console/keymap.ts';
import type { Message, Size } from '../console/messages.ts';
import { remapKeys } from '../console/remap.ts';
import { initialState, type State } from '../console/state.ts';
import { update } from '../console/update.ts';
import { messageOf, ServoError } from '../errors.ts';
import type { Hue } from '../presentation/hue.ts';
import { App } from './app.tsx';
import { askBackground, takeAnswers } from './background.ts';
import { rawInput } from './keys.ts';
import type { RunConsoleOptions } from './run-console.ts';
import { Screen } from './screen.ts';
import { StandInContext, StandIns } from './stand-ins.ts';
import { type Ending, Terminal } from './terminal.ts';
import { paletteOf, type Theme } from './theme.ts';

/** Two frames are at least this far apart, unless a key asks for one. */
const frameMs = 16;

const usualAccent: Hue = 'cyan';

/** Joins the model to the terminal: messages in, frames and effects out. Holds the only state. */
export class ConsoleLoop {
  readonly #options: RunConsoleOptions;
  #theme: Theme;
  readonly #inColor: boolean;
  readonly #screen: Screen;
  readonly #terminal: Terminal;
  readonly #standIns = new StandIns();
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  #state: State;
  #decoder: Decoder = idleDecoder;
  #ink: Instance | null = null;
  #drawTimer: NodeJS.Timeout | null = null;
  #drawnAt = 0;
  #end: (ending: Ending) => void = () => {};

  constructor(options: RunConsoleOptions) {
    this.#options = options;
    const size = sizeOf(options.stdout);
    this.#theme = {
      ascii: options.ascii ?? false,
      palette: null,
      accent: options.accent ?? usualAccent,
    };
    this.#inColor = options.color ?? (process.env.NO_COLOR ?? '') === '';
    this.#state = initialState({
      labels: options.labels,
      read_only: options.read_only,
      why_locked: options.why_locked ?? null,
      accent: options.accent ?? null,
      light: options.light,
      keymap: remapKeys(keymap, options.keys ?? {}).keymap,
      contexts: options.contexts ?? [],
      tenants: options.tenants ?? [],
      zone: options.utc === true ? 'utc' : 'local',
      interval_ms: options.interval_ms ?? 1000,
      size,
    });
    this.#screen = new Screen(options.stdout, size);
    this.#terminal = new Terminal(options.stdin, options.stdout, {
      end: (ending) => this.#end(ending),
      asleep: () => this.#screen.close(),
      awake: () => {
        this.#screen.open();
        this.#dispatch({ type: 'woken', at: clock() });
      },
    });
  }

  async run(): Promise<number> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve;
    });
    // Bold, dim and inverse are chalk's too, and without colour it would leave them out.
    chalk.level = chalk.level === 0 ? 1 : chalk.level;
    const { stdout } = this.#options;
    const resized = () => this.#dispatch({ type: 'resized', size: sizeOf(stdout), at: clock() });
    this.#terminal.start();
    if (this.#inColor && this.#options.light === undefined) stdout.write(askBackground);
    stdout.on('resize', resized);
    try {
      this.#ink = render(this.#picture(), {
        stdin: this.#source(),
        stdout: this.#sink(),
        // A frame is written whole to our sink, which knows better what has changed on the screen.
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
        isScreenReaderEnabled: false,
      });
      this.#ink.waitUntilExit().catch((error: unknown) => this.#end({ error }));
      this.#dispatch({ type: 'started', at: clock() });
      const ending = await ended;
      if ('error' in ending) throw ending.error;
      return ending.code;
    } finally {
      stdout.off('resize', resized);
      this.#stop();
    }
  }

  #stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    if (this.#drawTimer !== null) clearTimeout(this.#drawTimer);
    this.#screen.close();
    this.#terminal.stop();
    this.#ink?.unmount();
  }

  #stopped = false;

  #dispatch(message: Message): void {
    // What is answered after the end would ask again, and keep the process alive.
    if (this.#stopped) return;
    const before = this.#state;
    const [next, effects] = update(before, message);
    this.#state = next;
    if (next.size !== before.size) this.#screen.resize(next.size);
    if (next !== before) this.#scheduleDraw(message.type === 'key');
    for (const effect of effects) this.#carryOut(effect);
  }

  /** A key is answered at once; everything else waits for its turn. */
  #scheduleDraw(now: boolean): void {
    if (now) {
      queueMicrotask(() => this.#draw());
      return;
    }
    const wait = Math.max(0, this.#drawnAt + frameMs - clock());
    this.#drawTimer ??= setTimeout(() => this.#draw(), wait);
  }

  #drawnState: State | null = null;

  #draw(): void {
    if (this.#drawTimer !== null) clearTimeout(this.#drawTimer);
    this.#drawTimer = null;
    if (this.#drawnState === this.#state) return;
    this.#drawnState = this.#state;
    this.#drawnAt = clock();
    this.#ink?.rerender(this.#picture());
  }

  #picture() {
    return (
      <StandInContext value={this.#standIns}>
        <App state={this.#state} theme={this.#themed()} />
        <Keys onInput={this.#input} />
      </StandInContext>
    );
  }

  /** One accent colour per context, and colours that suit the background. */
  #themed(): Theme {
    const { options, light } = this.#state;
    const accent = options.accent ?? usualAccent;
    const palette = this.#inColor ? paletteOf(light, chalk.level) : null;
    const before = this.#theme;
    if (accent !== before.accent || palette !== before.palette) {
      this.#theme = { ...before, accent, palette };
    }
    return this.#theme;
  }

  readonly #input: Parameters<typeof useInput>[0] = (input, key) => {
    const raw = rawInput(input, key);
    if (raw === null) return;
    const [decoder, messages] = decodeInput(this.#decoder, raw, clock());
    this.#decoder = decoder;
    for (const message of messages) this.#dispatch(message);
  };

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'data': {
        const answer = (answered: Message) => this.#dispatch(answered);
        this.#options.perform(effect.effect, this.#state.place).then(
          (result) =>
            answer({ type: 'answered', request: effect.request, answer: result, at: clock() }),
          (error: unknown) =>
            answer({
              type: 'answered',
              request: effect.request,
              answer: { type: 'failure', failure: failureOf(error) },
              at: clock(),
            }),
        );
        break;
      }
      case 'timer':
        clearTimeout(this.#timers.get(effect.name));
        this.#timers.set(
          effect.name,
          setTimeout(
            () => this.#dispatch({ type: 'timer', name: effect.name, at: clock() }),
            effect.after_ms,
          ),
        );
        break;
      case 'stop-timer':
        clearTimeout(this.#timers.get(effect.name));
        this.#timers.delete(effect.name);
        break;
      case 'announce-paint':
        queueMicrotask(() => {
          this.#draw();
          this.#screen.afterPaint(() =>
            this.#dispatch({ type: 'painted', token: effect.token, at: clock() }),
          );
        });
        break;
      case 'copy':
        // OSC 52: the terminal's own clipboard, also through ssh.
        this.#options.stdout.write(`\x1b]52;c;${Buffer.from(effect.text).toString('base64')}\x07`);
        break;
      case 'ring':
        // The bell, and OSC 9, which many terminals show as a notification; one that is asleep gets neither.
        this.#screen.signal(`\x07\x1b]9;servo-tui: ${effect.text}\x07`);
        break;
      case 'repaint':
        this.#screen.repaint();
        break;
      case 'suspend':
        this.#terminal.suspend();
        break;
      case 'exit':
        this.#end({ code: effect.code });
        break;
    }
  }

  /** What Ink takes for its keyboard: without what the terminal says of itself. */
  #source(): ReadStream {
    let held = '';
    const read = (stdin: ReadStream): string | null => {
      const chunk: unknown = stdin.read();
      if (typeof chunk !== 'string') return null;
      const answered = takeAnswers(held, chunk);
      held = answered.held;
      const { light } = answered;
      if (light !== null) this.#dispatch({ type: 'background', light, at: clock() });
      return answered.keys;
    };
    return new Proxy(this.#options.stdin, {
      get: (stdin, name) => {
        if (name === 'read') return () => read(stdin);
        const value: unknown = Reflect.get(stdin, name);
        return typeof value === 'function' ? value.bind(stdin) : value;
      },
    });
  }

  /** What Ink takes for its terminal: as wide as ours, never too low, and never resized behind our back. */
  #sink(): NodeJS.WriteStream {
    const { stdout } = this.#options;
    const screen = this.#screen;
    const standIns = this.#standIns;
    const sink = {
      get columns() {
        return sizeOf(stdout).columns;
      },
      rows: Number.MAX_SAFE_INTEGER,
      write: (frame: string) => {
        if (frame !== '') screen.draw(standIns.expand(frame));
        return true;
      },
      on: () => sink,
      off: () => sink,
    };
    return sink as unknown as NodeJS.WriteStream;
  }
}

/** The one place where keys are read. */
function Keys({ onInput }: { onInput: Parameters<typeof useInput>[0] }) {
  useInput(onInput);
  return null;
}

function clock(): number {
  return performance.now();
}

function sizeOf({ columns, rows }: { columns: number; rows: number }): Size {
  return { columns: columns || 80, rows: rows || 24 };
}

function failureOf(error: unknown): Failure {
  return error instanceof ServoError
    ? { code: error.code, message: error.message, hint: error.hint }
    : { code: 'internal', message: messageOf(error) };
}
