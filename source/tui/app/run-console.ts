import type { Effect, Failure, TimerName } from '../../console/effects.ts';
import { type Decoder, decodeInput, idleDecoder, type RawInput } from '../../console/input.ts';
import { keymap } from '../../console/keymap.ts';
import type { Message } from '../../console/messages.ts';
import { remapKeys } from '../../console/remap.ts';
import { initialState, type State } from '../../console/state.ts';
import { update } from '../../console/update.ts';
import { messageOf, ServoError } from '../../errors.ts';
import { askBackground } from '../terminal/background.ts';
import { Keyboard } from '../terminal/keyboard.ts';
import { Screen } from '../terminal/screen.ts';
import { type Ending, sizeOf, Terminal } from '../terminal/terminal.ts';
import type { RunConsoleOptions } from './options.ts';
import type { Picture } from './program.tsx';

/** Minimum milliseconds between two frames, unless a key asks for one. */
const frameMs = 16;

export type LoadPicture = () => Promise<typeof import('./program.tsx')>;

export class ConsoleLoop {
  readonly #options: RunConsoleOptions;
  readonly #loadPicture: LoadPicture;
  readonly #inColor: boolean;
  readonly #screen: Screen;
  readonly #terminal: Terminal;
  readonly #keyboard: Keyboard;
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  #state: State;
  #decoder: Decoder = idleDecoder;
  /** Null until Ink is loaded: messages and answers do not wait for it. */
  #picture: Picture | null = null;
  #drawTimer: NodeJS.Timeout | null = null;
  #drawnAt = 0;
  #end: (ending: Ending) => void = () => {};

  constructor(options: RunConsoleOptions, loadPicture: LoadPicture) {
    this.#options = options;
    this.#loadPicture = loadPicture;
    const size = sizeOf(options.stdout);
    this.#inColor = options.color ?? (process.env.NO_COLOR ?? '') === '';
    this.#state = initialState({
      labels: options.labels,
      read_only: options.read_only,
      locked_reason: options.locked_reason ?? null,
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
    this.#keyboard = new Keyboard(options.stdin, {
      input: this.#input,
      background: (light) => this.#dispatch({ type: 'background', light, at: clock() }),
    });
    this.#terminal = new Terminal(options.stdin, options.stdout, {
      end: (ending) => this.#end(ending),
      suspended: () => this.#screen.close(),
      resumed: () => {
        this.#screen.open();
        this.#dispatch({ type: 'woken', at: clock() });
      },
    });
  }

  async run(): Promise<number> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve;
    });
    const { stdout } = this.#options;
    const resized = () => this.#dispatch({ type: 'resized', size: sizeOf(stdout), at: clock() });
    this.#terminal.start();
    if (this.#inColor && this.#options.light === undefined) stdout.write(askBackground);
    stdout.on('resize', resized);
    try {
      // Asked while Ink is loading: the answer usually arrives before the first frame.
      this.#dispatch({ type: 'started', at: clock() });
      const ink = await Promise.race([this.#loadPicture(), ended.then(() => null)]);
      if (ink !== null) {
        this.#picture = ink.openPicture({
          stdout,
          screen: this.#screen,
          ascii: this.#options.ascii ?? false,
          color: this.#inColor,
          onError: (error) => this.#end({ error }),
        });
        this.#draw();
        this.#keyboard.open();
      }
      const ending = await ended;
      if ('error' in ending) throw ending.error;
      return ending.code;
    } finally {
      stdout.off('resize', resized);
      await this.#stop();
    }
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    if (this.#drawTimer !== null) clearTimeout(this.#drawTimer);
    this.#screen.close();
    this.#keyboard.close();
    await this.#terminal.flush();
    this.#terminal.stop();
    this.#picture?.close();
  }

  #stopped = false;

  #dispatch(message: Message): void {
    // An answer after the end would ask again and keep the process alive.
    if (this.#stopped) return;
    const before = this.#state;
    const [next, effects] = update(before, message);
    this.#state = next;
    if (next.size !== before.size) this.#screen.resize(next.size);
    if (next !== before) this.#scheduleDraw(message.type === 'key');
    for (const effect of effects) this.#carryOut(effect);
  }

  /** A key is drawn at once; everything else at the next frame. */
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
    if (this.#picture === null || this.#drawnState === this.#state) return;
    this.#drawnState = this.#state;
    this.#drawnAt = clock();
    this.#picture.draw(this.#state);
  }

  readonly #input = (read: readonly RawInput[]) => {
    const [decoder, messages] = decodeInput(this.#decoder, read, clock());
    this.#decoder = decoder;
    for (const message of messages) this.#dispatch(message);
  };

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'data': {
        const answer = (answered: Message) => this.#dispatch(answered);
        this.#options.perform(effect.effect, this.#state.context_number).then(
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
        // The bell, and OSC 9, which many terminals show as a notification. Not while suspended.
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
}

function clock(): number {
  return performance.now();
}

function failureOf(error: unknown): Failure {
  return error instanceof ServoError
    ? { code: error.code, message: error.message, hint: error.hint }
    : { code: 'internal', message: messageOf(error) };
}
