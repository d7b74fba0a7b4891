import { Alert, Badge, ProgressBar, StatusMessage, UnorderedList } from '@inkjs/ui';
import chalk from 'chalk';
import { Box, Text } from 'ink';
import { cleanup, render } from 'ink-testing-library';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { paletteOf, type Theme } from '../../../source/console/widgets/theme.ts';
import { UiTheme } from '../../../source/console/widgets/ui-theme.tsx';

let level: typeof chalk.level;
beforeAll(() => {
  level = chalk.level;
  chalk.level = 2;
});
afterEach(cleanup);
afterAll(() => {
  chalk.level = level;
});

const variants = ['info', 'success', 'warning', 'error'] as const;

const components = {
  StatusMessage: variants.map((variant) => (
    <StatusMessage key={variant} variant={variant}>
      paused
    </StatusMessage>
  )),
  Alert: variants.map((variant) => (
    <Alert key={variant} variant={variant}>
      paused
    </Alert>
  )),
  Badge: (
    <Box>
      <Badge color="yellow">frozen</Badge>
    </Box>
  ),
  ProgressBar: (
    <Box width={20} height={1}>
      <ProgressBar value={50} />
    </Box>
  ),
  UnorderedList: (
    <UnorderedList>
      <UnorderedList.Item>
        <Text>one</Text>
      </UnorderedList.Item>
    </UnorderedList>
  ),
};

const themes: [name: string, Theme][] = [true, false].flatMap((ascii) =>
  [true, false].flatMap((light) =>
    [true, false].map((color): [string, Theme] => [
      [ascii ? 'ASCII' : 'Unicode', light ? 'light' : 'dark', color ? 'color' : 'NO_COLOR'].join(
        ' ',
      ),
      { ascii, palette: color ? paletteOf(light, 2) : null, accent: 'magenta' },
    ]),
  ),
);

/** Foreground and background colours, and what else a frame is drawn with. */
function stylesOf(frame: string): { colors: string[]; others: string[] } {
  const all = [...frame.matchAll(/\x1b\[([\d;]+)m/g)].map(([, codes]) => codes!);
  const isColor = (codes: string) => /^(3[0-8]|4[0-8]|9\d|10\d)(;|$)/.test(codes);
  const on = all.filter((codes) => !/^(0|2[2-9]|39|49)$/.test(codes));
  return { colors: on.filter(isColor), others: on.filter((codes) => !isColor(codes)) };
}

const bare = (frame: string) => frame.replace(/\x1b\[[\d;]*m/g, '');

test.each(themes)('@inkjs/ui in our tones: %s', (name, theme) => {
  const drawn = Object.fromEntries(
    Object.entries(components).map(([component, node]) => [
      component,
      render(<UiTheme theme={theme}>{node}</UiTheme>).lastFrame()!,
    ]),
  );
  const { colors, others } = stylesOf(Object.values(drawn).join(''));
  // Status has a sign as well as a colour; without colours bold and inverse remain.
  const signs = theme.ascii ? ['i', '+', '!', 'x'] : ['i', '✓', '!', '✗'];
  for (const component of ['StatusMessage', 'Alert'])
    for (const sign of signs) expect(bare(drawn[component]!)).toContain(`${sign} paused`);
  expect(bare(drawn.Badge!).trim()).toBe('FROZEN');
  expect(stylesOf(drawn.Badge!).others).toContain('7');
  expect(bare(drawn.ProgressBar!)).toBe(
    theme.ascii ? '##########----------' : '██████████░░░░░░░░░░',
  );
  expect(bare(drawn.UnorderedList!)).toBe(theme.ascii ? '- one' : '– one');
  if (theme.ascii) expect(bare(Object.values(drawn).join(''))).toMatch(/^[\x20-\x7e\n]*$/);
  if (name.includes('NO_COLOR')) {
    expect(colors).toEqual([]);
    expect(others).toEqual(expect.arrayContaining(['1', '7']));
    return;
  }
  // Only our palette: what cannot be read on this background is not in it.
  const palette = name.includes('light')
    ? ['38;5;124', '38;5;28', '38;5;94', '38;5;24']
    : ['31', '32', '33', '36'];
  expect([...new Set(colors)].sort()).toEqual(palette.sort());
});
