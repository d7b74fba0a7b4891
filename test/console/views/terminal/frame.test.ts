import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paintAll, paintChanges } from '../../../../source/console/terminal/frame.ts';
import { widthOf } from '../../../../source/presentation/text/width.ts';

const columns = 24;
const rows = 4;

/** What a real terminal shows: characters and their style. */
async function shownBy(...writes: string[]): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  for (const data of writes) await new Promise<void>((done) => terminal.write(data, done));
  return Array.from({ length: rows }, (_, row) => {
    const line = terminal.buffer.active.getLine(row)!;
    return Array.from({ length: columns }, (_, column) => {
      const cell = line.getCell(column)!;
      const look = [
        cell.isBold(),
        cell.isDim(),
        cell.isInverse(),
        cell.getFgColorMode() && cell.getFgColor(),
      ];
      return `${cell.getChars() || ' '}${look.join(',')}`;
    }).join('|');
  });
}

const styles = [
  '\x1b[1m',
  '\x1b[2m',
  '\x1b[22m',
  '\x1b[32m',
  '\x1b[7m',
  '\x1b[27m',
  '\x1b[39m',
  '\x1b[0m',
];
const pieces = fc.oneof(
  fc.stringMatching(/^[ -~]{1,6}$/),
  fc.constantFrom(...styles),
  fc.constantFrom('█', '▌', '·', '表', '👍', 'é', '✗', '–'),
);
// The maker of a frame cuts its lines to fit: what a terminal does with longer ones is not tested.
const line = fc
  .array(pieces, { maxLength: 6 })
  .filter((parts) => widthOf(parts.filter((part) => !styles.includes(part)).join('')) <= columns)
  .map((parts) => `${parts.join('')}\x1b[0m`);
const frame = fc.array(line, { minLength: rows, maxLength: rows });

describe('only what has changed is written', () => {
  test('and the terminal shows what it would show had all been written', async () => {
    await fc.assert(
      fc.asyncProperty(frame, frame, frame, async (first, second, third) => {
        const stepwise = await shownBy(
          paintAll(first, rows),
          paintChanges(first, second),
          paintChanges(second, third),
        );
        expect(stepwise).toEqual(await shownBy(paintAll(third, rows)));
      }),
      { numRuns: 60 },
    );
  });

  test('the same frame costs nothing', () => {
    const same = ['a', '\x1b[32mb\x1b[39m', 'c', ''];
    expect(paintChanges(same, [...same])).toBe('');
  });

  test('one figure of a row costs one jump and the figure', () => {
    const before = 'orders_daily  251/365  69%';
    const after = 'orders_daily  252/365  69%';
    expect(paintChanges([before], [after])).toBe('\x1b[1;17H2');
  });

  test('the rest of a line that has become shorter is erased', () => {
    expect(paintChanges(['a long line'], ['a'])).toBe('\x1b[1;2H\x1b[K');
  });

  test('no frame clears the screen', () => {
    fc.assert(
      fc.property(frame, frame, (before, after) => {
        expect(paintAll(after, rows) + paintChanges(before, after)).not.toMatch(/\x1b\[[23]?J/);
      }),
    );
  });
});
