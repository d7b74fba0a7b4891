import { Box, Text } from 'ink';
import { memo, useContext, useEffect, useState } from 'react';
import { toAscii } from '../../presentation/text/ascii.ts';
import { PlaceholderContext, type Placeholders, styled } from '../terminal/placeholders.ts';
import type { Line, Span } from './spans.ts';
import { ThemeContext, textProps } from './theme.ts';

/** Renders one terminal row per line. The caller has cut the lines to the width. */
export function Lines({ lines }: { lines: readonly Line[] }) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its row
        <Row key={row} line={line} />
      ))}
    </Box>
  );
}

export function Row({ line }: { line: Line }) {
  const placeholders = useContext(PlaceholderContext);
  return placeholders === null ? (
    <TextLine line={line} />
  ) : (
    <PlaceholderLine line={line} placeholders={placeholders} />
  );
}

const TextLine = memo(function TextLine({ line }: { line: Line }) {
  const theme = useContext(ThemeContext);
  // Ink renders an empty text as no row at all.
  if (line.every(({ text }) => text === '')) return <Text> </Text>;
  return (
    <Text wrap="truncate-end">
      {mergeSpans(line).map(({ text, tone, inverse }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span has no identity but its index
        <Text key={index} {...textProps(theme, tone)} inverse={inverse}>
          {theme.ascii ? toAscii(text) : text}
        </Text>
      ))}
    </Text>
  );
}, sameLine);

const PlaceholderLine = memo(function PlaceholderLine({
  line,
  placeholders,
}: {
  line: Line;
  placeholders: Placeholders;
}) {
  const theme = useContext(ThemeContext);
  const [placeholder] = useState(() => placeholders.take());
  useEffect(
    () => () => void (placeholder !== null && placeholders.release(placeholder)),
    [placeholder, placeholders],
  );
  if (placeholder === null) return <TextLine line={line} />;
  const { text, width } = styled(theme, mergeSpans(line));
  placeholders.set(placeholder, text, width);
  return <Text>{placeholder}</Text>;
}, sameLine);

/** Merges adjacent spans of the same style, and blank spans into the span before them. */
function mergeSpans(line: Line): Span[] {
  const merged: Span[] = [];
  for (const span of line) {
    const previous = merged.at(-1);
    const alike =
      previous !== undefined &&
      previous.caret === span.caret &&
      previous.inverse === span.inverse &&
      (previous.tone === span.tone || (span.inverse !== true && span.text.trim() === ''));
    if (alike) merged[merged.length - 1] = { ...previous, text: previous.text + span.text };
    else merged.push(span);
  }
  return merged;
}

function sameLine(previous: { line: Line }, next: { line: Line }): boolean {
  const [a, b] = [previous.line, next.line];
  return (
    a.length === b.length &&
    a.every((span, index) => {
      const other = b[index]!;
      return (
        span.text === other.text &&
        span.tone === other.tone &&
        span.inverse === other.inverse &&
        span.caret === other.caret
      );
    })
  );
}
