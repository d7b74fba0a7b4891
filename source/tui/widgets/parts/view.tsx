import { Alert, ProgressBar, UnorderedList } from '@inkjs/ui';
import { Box, Text } from 'ink';
import { type ComponentType, useContext } from 'react';
import { toAscii } from '../../../presentation/text/ascii.ts';
import { formatFullCount } from '../../../presentation/text/format.ts';
import { Lines } from '../line.tsx';
import { span } from '../spans.ts';
import { ThemeContext } from '../theme-context.tsx';
import { type Part, rowsOf } from './parts.ts';

const views: { readonly [T in Part['type']]: ComponentType<ViewProps<T>> } = {
  lines: ({ part: { lines } }) => <Lines lines={lines} />,
  alert: AlertRows,
  list: ListRows,
  progress: ProgressRow,
};

type ViewProps<T extends Part['type']> = { part: Extract<Part, { type: T }>; width: number };

export function Parts({ parts, width }: { parts: readonly Part[]; width: number }) {
  return parts.map((part, index) => {
    const View = views[part.type] as ComponentType<{ part: Part; width: number }>;
    // biome-ignore lint/suspicious/noArrayIndexKey: a part has no identity but its place
    return <View key={`${index} ${part.type}`} part={part} width={width} />;
  });
}

function AlertRows({ part, width }: ViewProps<'alert'>) {
  const drawn = useDrawn();
  return (
    <Box width={width} height={rowsOf(part)} flexShrink={0}>
      <Alert variant={part.variant}>{drawn(part.lines.join('\n'))}</Alert>
    </Box>
  );
}

function ListRows({ part }: ViewProps<'list'>) {
  const drawn = useDrawn();
  return (
    <UnorderedList>
      {part.items.map((item) => (
        <UnorderedList.Item key={item}>
          <Text>{drawn(item)}</Text>
        </UnorderedList.Item>
      ))}
    </UnorderedList>
  );
}

const widestBar = 40;
const figures = 20;

function ProgressRow({ part: { done, all }, width }: ViewProps<'progress'>) {
  // The component measures its box after the first drawing: a fixed size keeps the rows in place.
  const bar = Math.max(1, Math.min(widestBar, width - figures));
  const text = `  ${formatFullCount(done)} of ${formatFullCount(all)}`;
  return (
    <Box height={1} flexShrink={0}>
      <Box width={bar} height={1}>
        <ProgressBar value={all === 0 ? 100 : (done / all) * 100} />
      </Box>
      <Lines lines={[[span(text, 'dim')]]} />
    </Box>
  );
}

/** Text as the terminal can show it. */
function useDrawn(): (text: string) => string {
  const { ascii } = useContext(ThemeContext);
  return ascii ? toAscii : (text) => text;
}
