import chalk from 'chalk';
import { Box, renderToString, Text } from 'ink';

// Loaded twice: as it is, and in a bundle (bundled-ink.test.ts).
chalk.level = 3;

const wraps = ['wrap', 'truncate-start', 'truncate-middle', 'truncate-end', 'truncate'] as const;
const borders = ['single', 'double', 'round', 'bold', 'singleDouble', 'classic', 'arrow'] as const;
const columns = 40;

/** What Ink can do to a text that is too long for its place, by a name for each. */
function screensOf(text: string, width: number): [string, React.ReactElement][] {
  const tinted = chalk.hex('#ff8800').bold(text) + chalk.bgBlue.underline(text);
  return [
    ...wraps.flatMap((wrap): [string, React.ReactElement][] => [
      [
        wrap,
        <Box key={wrap} width={width}>
          <Text wrap={wrap}>{text}</Text>
        </Box>,
      ],
      [
        `${wrap}, coloured`,
        <Box key={wrap} width={width}>
          <Text wrap={wrap} color="green" bold dimColor>
            {tinted}
            <Text inverse>{text}</Text>
          </Text>
        </Box>,
      ],
    ]),
    [
      'overflow hidden',
      <Box key="hidden" width={width} height={2} overflow="hidden">
        <Box width={width * 2} height={4} marginLeft={-3} marginTop={-1} flexShrink={0}>
          <Text>{tinted}</Text>
        </Box>
      </Box>,
    ],
    ...borders.map((border): [string, React.ReactElement] => [
      `border ${border}`,
      <Box key={border} width={width} borderStyle={border} borderColor="red" overflowX="hidden">
        <Text wrap="truncate">{text}</Text>
      </Box>,
    ]),
  ];
}

/** What is drawn of each text in each width, or the error that Ink ended with, by a name for each. */
export function screens(texts: readonly string[], widths: readonly number[]): [string, string][] {
  return texts.flatMap((text) =>
    widths.flatMap((width) =>
      screensOf(text, width).map(([name, screen]): [string, string] => [
        `${JSON.stringify(text)} in ${width}: ${name}`,
        drawn(screen),
      ]),
    ),
  );
}

function drawn(screen: React.ReactElement): string {
  try {
    return renderToString(screen, { columns });
  } catch (error) {
    return `threw ${error}`;
  }
}
