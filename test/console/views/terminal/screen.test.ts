import { describe, expect, test } from 'vitest';
import { Screen } from '../../../../source/console/terminal/screen.ts';

/** A terminal that accepts writes, or is slow: then `drain` lets it accept more. */
class SlowTerminal {
  readonly written: string[] = [];
  slow = false;
  #drain: (() => void) | null = null;

  write = (data: string, done?: () => void): boolean => {
    this.written.push(data);
    if (!this.slow) done?.();
    return !this.slow;
  };

  once = (_: 'drain', listener: () => void) => {
    this.#drain = listener;
  };

  drain(): void {
    this.slow = false;
    this.#drain?.();
  }
}

const setUp = () => {
  const terminal = new SlowTerminal();
  return { terminal, screen: new Screen(terminal, { columns: 20, rows: 3 }) };
};

describe('a terminal slower than we are', () => {
  test('gets the newest frame when it is ready again, and none of those between', () => {
    const { terminal, screen } = setUp();
    screen.draw('a1');
    terminal.slow = true;
    screen.draw('a2');
    for (const frame of ['a3', 'a4', 'a5']) screen.draw(frame);
    const before = terminal.written.length;
    terminal.drain();
    expect(terminal.written.slice(before)).toEqual(['\x1b[1;2H5']);
  });
});

test('the same frame twice is written once', () => {
  const { terminal, screen } = setUp();
  screen.draw('a');
  screen.draw('a');
  expect(terminal.written).toHaveLength(1);
});

test('a repaint writes every row, each erased first', () => {
  const { terminal, screen } = setUp();
  screen.draw('a\nb');
  screen.repaint();
  expect(terminal.written[1]).toBe('\x1b[?25l\x1b[1;1H\x1b[2Ka\x1b[2;1H\x1b[2Kb\x1b[3;1H\x1b[2K');
});

test('a paint is announced after it, also when there was nothing to write', async () => {
  const { terminal, screen } = setUp();
  screen.draw('a');
  const announced = new Promise<number>((resolve) =>
    screen.afterPaint(() => resolve(terminal.written.length)),
  );
  expect(await announced).toBe(1);
});

test('once closed it writes nothing, and opened again it paints everything', () => {
  const { terminal, screen } = setUp();
  screen.draw('a');
  screen.close();
  screen.draw('b');
  expect(terminal.written).toHaveLength(1);
  screen.open();
  expect(terminal.written[1]).toContain('b');
});
