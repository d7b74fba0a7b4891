import { eventWords } from '../presentation/event-words.ts';
import { formatMoment } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import type { PanelItem } from './panels.ts';
import type { Reader, State } from './state.ts';

/** Long enough for any message that a person will read to its end. */
const longestMessage = 65_536;

/** What is behind a row of a panel, in full: every line that the row had no room for. */
export function openReader(state: State, item: PanelItem): Reader {
  const { title, lines } = contents(state, item);
  return { type: 'reader', title, text: lines.join('\n'), top: 0 };
}

function contents(state: State, item: PanelItem): { title: string; lines: string[] } {
  const clock = (at: Date | null) =>
    at === null ? '–' : formatMoment(at, state.job?.detail?.as_of ?? at, state.options.zone);
  switch (item.panel) {
    case 'failed': {
      const { partitions } = item.group;
      const lines = partitions.flatMap((partition) => [
        `${key(partition.partition_key)}   attempts ${partition.attempt_count}   ended ${clock(partition.completed_at)}`,
        ...message(partition.error_message),
        '',
      ]);
      const title = partitions.length === 1 ? key(item.key) : `${partitions.length} partitions`;
      return { title: `Failed: ${title}`, lines: lines.slice(0, -1) };
    }
    case 'open': {
      const { partition } = item;
      const lines = [
        `state     ${safeText(partition.state)}`,
        `attempts  ${partition.attempt_count}`,
        `executor  ${partition.lease_owner === null ? '–' : safeText(partition.lease_owner, { cap: 300 })}`,
        `started   ${clock(partition.started_at)}`,
        `next try  ${clock(partition.available_at)}`,
        '',
        ...message(partition.error_message),
      ];
      return { title: `Open: ${key(partition.partition_key)}`, lines };
    }
    case 'events': {
      const { event } = item;
      const words = eventWords(event).map(({ text }) => text);
      return { title: `Event at ${clock(event.at)}`, lines: [words.join('')] };
    }
  }
}

function key(text: string): string {
  return safeText(text, { cap: 300 });
}

function message(text: string | null): string[] {
  if (text === null) return ['(no message)'];
  return safeText(text, { cap: longestMessage, lines: true })
    .split('\n')
    .map((line) => `  ${line}`);
}
