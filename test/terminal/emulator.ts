import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as pty from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { type BuildOptions, build } from 'esbuild';
import { environment } from '../support/environment.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles the fixture like the program, and returns its path. */
export async function bundleFixture(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'servo-tui-fixture-'));
  const script = new URL('../../scripts/bundle.js', import.meta.url).href;
  const { bundling } = (await import(script)) as { bundling: BuildOptions };
  await build({
    ...bundling,
    entryPoints: ['test/terminal/fixture.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true,
  });
  return join(folder, 'fixture.mjs');
}

/** One column of the screen. A colour is a number among 256; null is the terminal's own. */
export type Cell = {
  text: string;
  color: number | 'rgb' | null;
  background: number | 'rgb' | null;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
};

export type Size = { columns: number; rows: number };

/** How long a fact may take to become true. */
const timeoutMs = 30_000;

/** A program in a real pseudo-terminal, and what a terminal emulator shows of it. */
export class Emulator {
  readonly #pty: pty.IPty;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  output = '';
  exitCode: number | null = null;

  constructor(command: string, args: string[], size: Size, env: Record<string, string> = {}) {
    const { columns: cols, rows } = size;
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
    const inherited = { ...environment(), TERM: 'xterm-256color' } as Record<string, string>;
    this.#pty = pty.spawn(command, args, { cols, rows, cwd: root, env: { ...inherited, ...env } });
    this.#pty.onData((data) => {
      this.output += data;
      this.#terminal.write(data);
    });
    this.#pty.onExit(({ exitCode }) => {
      this.exitCode = exitCode;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  get lines(): string[] {
    const { buffer, rows, cols } = this.#terminal;
    // A line keeps its hidden columns after a resize.
    return Array.from({ length: rows }, (_, row) =>
      (
        buffer.active.getLine(buffer.active.viewportY + row)?.translateToString(true, 0, cols) ?? ''
      ).trimEnd(),
    );
  }

  get screen(): string {
    return this.lines.join('\n');
  }

  cells(row: number): Cell[] {
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.viewportY + row);
    return Array.from({ length: this.#terminal.cols }, (_, column) => line?.getCell(column))
      .filter((cell) => cell !== undefined)
      .map((cell) => ({
        text: cell.getChars(),
        color: cell.isFgDefault() ? null : cell.isFgPalette() ? cell.getFgColor() : 'rgb',
        background: cell.isBgDefault() ? null : cell.isBgPalette() ? cell.getBgColor() : 'rgb',
        bold: cell.isBold() !== 0,
        dim: cell.isDim() !== 0,
        inverse: cell.isInverse() !== 0,
      }));
  }

  /** Whether a line was too long for the terminal and wrapped. */
  get isWrapped(): boolean {
    const { active } = this.#terminal.buffer;
    return this.lines.some((_, row) => active.getLine(active.viewportY + row)?.isWrapped === true);
  }

  get inAlternateScreen(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  get pasteIsBracketed(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** From the terminal's cursor on; null while the cursor is hidden. */
  get afterCursor(): string | null {
    if (!this.cursorIsShown) return null;
    const { cursorX, cursorY, viewportY, getLine } = this.#terminal.buffer.active;
    const line = getLine.call(this.#terminal.buffer.active, viewportY + cursorY);
    return line?.translateToString(true, cursorX).trimEnd() ?? null;
  }

  get modes(): InstanceType<typeof xterm.Terminal>['modes'] {
    return this.#terminal.modes;
  }

  /** Whether the cursor was last shown. */
  get cursorIsShown(): boolean {
    return this.output.lastIndexOf('\x1b[?25h') >= this.output.lastIndexOf('\x1b[?25l');
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** Focuses the button of a dialog and presses y until it takes it: early input is dropped. */
  async confirm(done: () => boolean): Promise<void> {
    await this.until(() => {
      if (done()) return true;
      this.type(/\] .* y [a-z]/.test(this.screen) ? 'y' : '\t');
      return false;
    }, 400);
  }

  resize({ columns, rows }: Size): void {
    this.#pty.resize(columns, rows);
    this.#terminal.resize(columns, rows);
  }

  /** Stops reading, as a stalled line does. */
  stopReading(): void {
    this.#pty.pause();
  }

  readOn(): void {
    this.#pty.resume();
  }

  /** Hangs up, as a closed window does. */
  hangUp(): void {
    // In every implementation, but not in the types.
    (this.#pty as pty.IPty & { destroy: () => void }).destroy();
  }

  shows(what: string | RegExp): boolean {
    return typeof what === 'string' ? this.screen.includes(what) : what.test(this.screen);
  }

  /** Waits for a fact about the screen; a test that waits in vain shows the screen. */
  async until(what: string | RegExp | (() => boolean), everyMs = 10): Promise<this> {
    const holds = typeof what === 'function' ? what : () => this.shows(what);
    const deadline = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > deadline) {
        throw new Error(`in vain: ${what}\n${this.screen}\n(exit code ${this.exitCode})`);
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return this;
  }

  kill(): void {
    if (this.exitCode === null) this.#pty.kill('SIGKILL');
  }
}

export function linesOfFile(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
