import { Box, Text } from 'ink';
import { memo, useContext } from 'react';
import { toAscii } from '../presentation/ascii.ts';
import type { Line } from './spans.ts';
import { ThemeContext, textProps } from './theme.ts';

/** Lines of text, one terminal line each: whoever made them saw to it that they fit. */
export function Lines({ lines }: { lines: readonly Line[] }) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <OneLine key={row} line={line} />
      ))}
    </Box>
  );
}

const OneLine = memo(
  function OneLine({ line }: { line: Line }) {
    const theme = useContext(ThemeContext);
    // A text of nothing would take no line.
    if (line.every(({ text }) => text === '')) return <Text> </Text>;
    return (
      <Text wrap="truncate-end">
        {line.map(({ text, tone, inverse }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place in the line
          <Text key={index} {...textProps(theme, tone)} inverse={inverse}>
            {theme.ascii ? toAscii(text) : text}
          </Text>
        ))}
      </Text>
    );
  },
  (before, after) => sameLine(before.line, after.line),
);

function sameLine(a: Line, b: Line): boolean {
  return (
    a.length === b.length &&
    a.every((piece, index) => {
      const other = b[index]!;
      return (
        piece.text === other.text && piece.tone === other.tone && piece.inverse === other.inverse
      );
    })
  );
}
