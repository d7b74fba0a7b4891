import type { JobEvent } from '../../domain/job/detail.ts';
import { shortId } from '../../domain/job/reference.ts';
import { eventCells } from '../../presentation/report/event-cells.ts';
import { formatDay, formatSecond, type Zone } from '../../presentation/text/format.ts';

export function eventsText(events: readonly JobEvent[], zone: Zone): string {
  const lines = events.map((event) => {
    const words = eventCells(event).map((cell) => cell.text);
    const at = `${formatDay(event.at, zone)} ${formatSecond(event.at, zone)}`;
    return `${at}  ${shortId(event.job_id)}  ${words.join('')}\n`;
  });
  return lines.length === 0 ? 'the journal is empty\n' : lines.join('');
}
