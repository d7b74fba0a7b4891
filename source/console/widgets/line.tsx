import { Box, Text } from 'ink';
import { createContext, memo, useContext, useEffect, useState } from 'react';
import type { Placeholders } from '../terminal/placeholders.ts';
import type { Line as Spans } from './spans.ts';
import { mergeSpans, styled } from './styled.ts';
import { drawn, textProps } from './theme.ts';
import { ThemeContext } from './theme-context.tsx';

/** If null, Ink renders the lines themselves. */
export const PlaceholderContext = createContext<Placeholders | null>(null);

/**
 * The leaf of nearly all that is drawn: Ink lays out one character (terminal/placeholders.ts). A
 * key on a full 120×45 screen takes 5.9 ms, with a `<Box>` and a `<Text>` for each cell 21–25. So
 * nothing may overlap it: what lies over a line replaces it (`<Screen>`), what stands beside it
 * begins behind its width (`<PartsLine>`). The caller has cut the spans to the width.
 */
export const Line = memo(
  function Line({ spans }: { spans: Spans }) {
    const theme = useContext(ThemeContext);
    const placeholders = useContext(PlaceholderContext);
    const placeholder = usePlaceholder(placeholders);
    if (placeholders === null || placeholder === null) return <InkLine spans={spans} />;
    const { text, width } = styled(theme, spans);
    placeholders.set(placeholder, text, width);
    return <Text>{placeholder}</Text>;
  },
  (before, { spans }) => sameSpans(before.spans, spans),
);

export function Lines({ lines }: { lines: readonly Spans[] }) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((spans, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its row
        <Line key={row} spans={spans} />
      ))}
    </Box>
  );
}

function usePlaceholder(placeholders: Placeholders | null): string | null {
  const [placeholder] = useState(() => placeholders?.take() ?? null);
  useEffect(
    () => () => void (placeholder !== null && placeholders?.release(placeholder)),
    [placeholder, placeholders],
  );
  return placeholder;
}

function InkLine({ spans }: { spans: Spans }) {
  const theme = useContext(ThemeContext);
  // Ink renders an empty text as no row at all.
  if (spans.every(({ text }) => text === '')) return <Text> </Text>;
  return (
    <Text wrap="truncate-end">
      {mergeSpans(spans).map(({ text, tone, inverse }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span has no identity but its index
        <Text key={index} {...textProps(theme, tone)} inverse={inverse}>
          {drawn(theme, text)}
        </Text>
      ))}
    </Text>
  );
}

export function sameSpans(a: Spans, b: Spans): boolean {
  return (
    a === b ||
    (a.length === b.length &&
      a.every((span, index) => {
        const other = b[index]!;
        return (
          span.text === other.text &&
          span.tone === other.tone &&
          span.inverse === other.inverse &&
          span.caret === other.caret &&
          span.as === other.as
        );
      }))
  );
}
