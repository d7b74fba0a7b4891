import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test } from 'vitest';
import { openStartBar, Start } from '../../../source/console/app/start-bar.tsx';
import { plainTheme } from '../../../source/console/widgets/theme.ts';

afterEach(cleanup);

test('how far the start has come: a line, and a bar of fixed width once a step is done', () => {
  const drawn = (done: number, ascii = false) => {
    const theme = { ...plainTheme, ascii };
    const node = <Start text="loading births …" done={done} all={5} theme={theme} />;
    return render(node).lastFrame();
  };
  expect(drawn(0)).toBe('loading births …');
  expect(drawn(2)).toBe(`loading births …\n${'█'.repeat(16)}${'░'.repeat(24)}`);
  expect(drawn(5, true)).toBe(`loading births ~\n${'#'.repeat(40)}`);
});

test('what was shown stays when it is closed; then lines are for the caller', () => {
  const output = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
  const bar = openStartBar({
    output: output as unknown as WriteStream,
    ascii: true,
    color: false,
  });
  expect(bar.say('starting')).toBe(true);
  bar.advance(5, 5);
  bar.close();
  bar.close();
  expect(bar.say('draining')).toBe(false);
  const written = String(output.read());
  expect(written).toContain('#'.repeat(40));
  expect(written).not.toContain('draining');
});
