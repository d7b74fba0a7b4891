import { Alert, ProgressBar, UnorderedList } from '@inkjs/ui';
import { Box, Text } from 'ink';
import { useContext } from 'react';
import { formatFullCount } from '../../presentation/text/format.ts';
import { type AlertText, alertRows } from './alert-text.ts';
import { Lines } from './line.tsx';
import { span } from './spans.ts';
import { drawn } from './theme.ts';
import { ThemeContext } from './theme-context.tsx';

type AlertProps = { variant: 'warning' | 'error'; text: AlertText; width: number };

export function AlertRows({ variant, text, width }: AlertProps) {
  const theme = useContext(ThemeContext);
  return (
    <Box width={width} height={alertRows(text)} flexShrink={0}>
      <Alert variant={variant}>{drawn(theme, text.join('\n'))}</Alert>
    </Box>
  );
}

export function BulletRows({ items }: { items: readonly string[] }) {
  const theme = useContext(ThemeContext);
  return (
    <UnorderedList>
      {items.map((item) => (
        <UnorderedList.Item key={item}>
          <Text>{drawn(theme, item)}</Text>
        </UnorderedList.Item>
      ))}
    </UnorderedList>
  );
}

const widestBar = 40;
const roomForFigures = 20;

type ProgressProps = { done: number; all: number; width: number };

/** `██████░░░░  13 of 40`. The bar measures its box after the first drawing: its size is fixed. */
export function ProgressRow({ done, all, width }: ProgressProps) {
  const bar = Math.max(1, Math.min(widestBar, width - roomForFigures));
  const figures = `  ${formatFullCount(done)} of ${formatFullCount(all)}`;
  return (
    <Box height={1} flexShrink={0}>
      <Box width={bar} height={1}>
        <ProgressBar value={(done / all) * 100} />
      </Box>
      <Lines lines={[[span(figures, 'dim')]]} />
    </Box>
  );
}
