import chalk from 'chalk';
import { type Decoder, decodeInput, idleDecoder } from '../model/input.ts';
import type { ConsoleOptions, State } from '../model/state.ts';
import { askBackground } from '../terminal/background.ts';
import { Keyboard } from '../terminal/keyboard.ts';
import type { RawInput } from '../terminal/keys.ts';
import { Screen } from '../terminal/screen.ts';
import type { Size } from '../terminal/size.ts';
import { type Ending, sizeOf, Terminal } from '../terminal/terminal.ts';
import { type Look, type Theme, themeOf } from '../widgets/theme.ts';
import { type Background, backgroundEffects, type Carriers, carryOut, clock } from './effects.ts';
import { firstFrame, hasFirstFrame } from './first-frame.ts';
import { Frames } from './frames.ts';
import { keymap } from './keymap.ts';
import type { RunConsoleOptions } from './options.ts';
import { paletteCommands } from './palette-commands.ts';
import type { Program } from './program.tsx';
import { remapKeys } from './remap.ts';
import { Store } from './store.ts';

/** How long a database that does not answer keeps Ink from being loaded. */
const answerMs = 150;

export type LoadProgram = () => Promise<typeof import('./program.tsx')>;

export function loadProgram(): Promise<typeof import('./program.tsx')> {
  // With one of these Ink draws nothing live; it looks once, when it is loaded.
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
  return import('./program.tsx');
}

/**
 * Runs the console until the operator or a signal ends it, and restores the terminal.
 * @returns the exit code: 0, 130 (Ctrl-C, SIGINT), 143 (SIGTERM), 129 (SIGHUP, lost terminal)
 * @throws what crashed it, after the terminal has been restored
 */
export function runConsole(options: RunConsoleOptions, load = loadProgram): Promise<number> {
  return new Runner(options, load).run();
}

class Runner {
  readonly #options: RunConsoleOptions;
  readonly #loadProgram: LoadProgram;
  readonly #look: Look;
  readonly #store: Store;
  readonly #frames: Frames;
  readonly #screen: Screen;
  readonly #terminal: Terminal;
  readonly #keyboard: Keyboard;
  readonly #background: Background;
  /** Null until Ink is loaded: neither messages nor the first frames wait for it. */
  #program: Program | null = null;
  #early: (readonly RawInput[])[] = [];
  #decoder: Decoder = idleDecoder;
  #theme: Theme | undefined;
  #firstFrameDrawn: () => void = () => {};
  #end: (ending: Ending) => void = () => {};

  constructor(options: RunConsoleOptions, load: LoadProgram) {
    this.#options = options;
    this.#loadProgram = load;
    const size = sizeOf(options.stdout);
    const inColor = options.color ?? (process.env.NO_COLOR ?? '') === '';
    this.#look = { ascii: options.ascii ?? false, depth: inColor ? Math.max(1, chalk.level) : 0 };
    this.#screen = new Screen(options.stdout, size);
    this.#terminal = new Terminal(options.stdin, options.stdout, {
      end: (ending) => this.#end(ending),
      suspended: () => this.#screen.close(),
      resumed: () => {
        this.#screen.open();
        this.#store.dispatch({ type: 'woken', at: clock() });
      },
    });
    this.#keyboard = new Keyboard(options.stdin, {
      input: (read) => (this.#program === null ? this.#early.push(read) : this.#input(read)),
      background: (light) => this.#store.dispatch({ type: 'background', light, at: clock() }),
    });
    this.#background = backgroundEffects(options.perform, () => this.#store);
    const carriers = this.#carriers();
    this.#store = new Store(consoleOptions(options, size), (effect) => carryOut(carriers, effect));
    let shown = size;
    this.#store.subscribe(() => {
      const { size } = this.#store.getSnapshot();
      if (size !== shown) this.#screen.resize(size);
      shown = size;
    });
    this.#frames = new Frames(this.#store, () => this.#draw());
  }

  async run(): Promise<number> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve;
    });
    const firstFrameDrawn = new Promise<void>((resolve) => {
      this.#firstFrameDrawn = resolve;
    });
    const { stdout } = this.#options;
    const resized = () =>
      this.#store.dispatch({ type: 'resized', size: sizeOf(stdout), at: clock() });
    this.#terminal.start();
    this.#keyboard.open();
    if (this.#look.depth > 0 && this.#options.light === undefined) stdout.write(askBackground);
    stdout.on('resize', resized);
    const late = setTimeout(this.#firstFrameDrawn, answerMs);
    try {
      this.#store.dispatch({ type: 'started', at: clock() });
      await Promise.race([firstFrameDrawn, ended]);
      const ink = await Promise.race([this.#loadProgram(), ended.then(() => null)]);
      if (ink !== null) this.#open(ink);
      const ending = await ended;
      if ('error' in ending) throw ending.error;
      return ending.code;
    } finally {
      clearTimeout(late);
      stdout.off('resize', resized);
      await this.#stop();
    }
  }

  #open({ openProgram }: Awaited<ReturnType<LoadProgram>>): void {
    this.#program = openProgram({
      stdout: this.#options.stdout,
      screen: this.#screen,
      shown: this.#frames,
      themeOf: this.#themeOf,
      onError: (error) => this.#end({ error }),
    });
    this.#frames.flush();
    this.#program.draw();
    for (const read of this.#early.splice(0)) this.#input(read);
  }

  async #stop(): Promise<void> {
    this.#store.close();
    this.#background.close();
    this.#frames.close();
    this.#screen.close();
    this.#keyboard.close();
    await this.#terminal.flush();
    this.#terminal.stop();
    this.#program?.close();
  }

  #draw(): void {
    if (this.#program !== null) {
      this.#program.draw();
      return;
    }
    const state = this.#frames.getSnapshot();
    if (!hasFirstFrame(state)) return;
    this.#screen.draw(firstFrame(state, this.#themeOf(state)));
    this.#screen.afterPaint(this.#firstFrameDrawn);
  }

  readonly #themeOf = (state: State): Theme => {
    this.#theme = themeOf(state, this.#look, this.#theme);
    return this.#theme;
  };

  #input(read: readonly RawInput[]): void {
    const [decoder, messages] = decodeInput(this.#decoder, read, clock());
    this.#decoder = decoder;
    for (const message of messages) this.#store.dispatch(message);
  }

  #carriers(): Carriers {
    const { stdout } = this.#options;
    return {
      ...this.#background,
      'announce-paint': ({ token }) =>
        queueMicrotask(() => {
          this.#frames.flush();
          const painted = () => this.#store.dispatch({ type: 'painted', token, at: clock() });
          this.#screen.afterPaint(painted);
        }),
      // OSC 52: the terminal's own clipboard, also through ssh.
      copy: ({ text }) =>
        void stdout.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`),
      // The bell, and OSC 9, which many terminals show as a notification. Not while suspended.
      ring: ({ text }) => this.#screen.signal(`\x07\x1b]9;servo-tui: ${text}\x07`),
      repaint: () => this.#screen.repaint(),
      suspend: () => this.#terminal.suspend(),
      exit: ({ code }) => this.#end({ code }),
    };
  }
}

function consoleOptions(options: RunConsoleOptions, size: Size): ConsoleOptions {
  return {
    labels: options.labels,
    read_only: options.read_only,
    locked_reason: options.locked_reason ?? null,
    accent: options.accent ?? null,
    light: options.light,
    keymap: remapKeys(keymap, options.keys ?? {}).keymap,
    commands: paletteCommands,
    contexts: options.contexts ?? [],
    leads: options.leads,
    tenants: options.tenants ?? [],
    zone: options.utc === true ? 'utc' : 'local',
    interval_ms: options.interval_ms ?? 1000,
    size,
  };
}
