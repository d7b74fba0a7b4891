import { Box, Text } from 'ink';
import { memo, useContext, useEffect, useState } from 'react';
import { toAscii } from '../presentation/text/ascii.ts';
import { PlaceholderContext, type Placeholders, styled } from './placeholders.ts';
import type { Line, Span } from './spans.ts';
import { ThemeContext, textProps } from './theme.ts';

/** One terminal line each; the caller has cut them to fit. */
export function Lines({ lines }: { lines: readonly Line[] }) {
  const placeholders = useContext(PlaceholderContext);
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, row) =>
        placeholders === null ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
          <TextLine key={row} line={line} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
          <PlaceholderLine key={row} line={line} placeholders={placeholders} />
        ),
      )}
    </Box>
  );
}

const TextLine = memo(function TextLine({ line }: { line: Line }) {
  const theme = useContext(ThemeContext);
  // Ink gives an empty text no line.
  if (line.every(({ text }) => text === '')) return <Text> </Text>;
  return (
    <Text wrap="truncate-end">
      {merged(line).map(({ text, tone, inverse }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place in the line
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
  const { text, width } = styled(theme, merged(line));
  placeholders.set(placeholder, text, width);
  return <Text>{placeholder}</Text>;
}, sameLine);

/** Joins neighbours that look alike, and blanks with what precedes them. */
function merged(line: Line): Span[] {
  const pieces: Span[] = [];
  for (const piece of line) {
    const before = pieces.at(-1);
    const alike =
      before !== undefined &&
      before.caret === piece.caret &&
      before.inverse === piece.inverse &&
      (before.tone === piece.tone || (piece.inverse !== true && piece.text.trim() === ''));
    if (alike) pieces[pieces.length - 1] = { ...before, text: before.text + piece.text };
    else pieces.push(piece);
  }
  return pieces;
}

function sameLine(before: { line: Line }, after: { line: Line }): boolean {
  const [a, b] = [before.line, after.line];
  return (
    a.length === b.length &&
    a.every((piece, index) => {
      const other = b[index]!;
      return (
        piece.text === other.text &&
        piece.tone === other.tone &&
        piece.inverse === other.inverse &&
        piece.caret === other.caret
      );
    })
  );
}
