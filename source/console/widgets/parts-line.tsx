import { Badge, StatusMessage } from '@inkjs/ui';
import { Box } from 'ink';
import { memo } from 'react';
import { Line, sameSpans } from './line.tsx';
import { lineWidth, type Span, type Line as Spans } from './spans.ts';

/** Few lines may be drawn like this: one costs Ink as much as ten leaves. */
export const PartsLine = memo(
  function PartsLine({ spans }: { spans: Spans }) {
    const at = spans.findIndex(isPart);
    if (at === -1) return <Line spans={spans} />;
    const [before, part, after] = [spans.slice(0, at), spans[at]!, spans.slice(at + 1)];
    if (part.as === 'status') {
      return (
        <Box marginLeft={lineWidth(before) + 1}>
          <StatusMessage variant={variantOf[part.tone as keyof typeof variantOf]}>
            <Line spans={after} />
          </StatusMessage>
        </Box>
      );
    }
    return (
      <Box>
        <Box width={lineWidth(before)} flexShrink={0}>
          <Line spans={before} />
        </Box>
        <Badge color={colorOf[part.tone as keyof typeof colorOf]}>
          {/* Of one text it makes capitals. */}
          {[part.text.trim()]}
        </Badge>
        {after.length > 0 && <PartsLine spans={after} />}
      </Box>
    );
  },
  (before, { spans }) => sameSpans(before.spans, spans),
);

/** One that was cut off is drawn as it is. */
function isPart({ as, text }: Span): boolean {
  return as !== undefined && /^ \S(.*\S)? $/.test(text);
}

const variantOf = { good: 'success', bad: 'error', warn: 'warning' } as const;
const colorOf = { bad: 'red', warn: 'yellow' } as const;
