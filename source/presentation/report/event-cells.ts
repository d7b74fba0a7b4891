import type { JobEvent } from '../../domain/job/detail.ts';
import { stateLabel } from '../job/state-label.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell } from '../text/tone.ts';
import { actorName } from './actor-name.ts';

export function eventCells(event: JobEvent): Cell[] {
  return [...whatHappened(event), { text: `  ${who(event)}`, tone: 'dim' }, ...why(event)];
}

function whatHappened(event: JobEvent): Cell[] {
  if (event.to_state === null) {
    const key =
      event.partition_key === null ? '' : `${safeText(event.partition_key, { cap: 300 })} `;
    const kind = safeText(event.kind, { cap: 64 });
    return [
      { text: key, tone: 'plain' },
      { text: kind, tone: kind === 'failed' ? 'bad' : 'plain' },
    ];
  }
  const to = stateLabel(event.to_state);
  const from = event.from_state === null ? '' : `${stateLabel(event.from_state).word} → `;
  return [
    { text: from, tone: 'dim' },
    { text: to.word, tone: to.tone === 'dim' ? 'plain' : to.tone },
  ];
}

function who(event: JobEvent): string {
  return actorName(event);
}

function why(event: JobEvent): Cell[] {
  return event.reason === null ? [] : [{ text: `  "${safeText(event.reason)}"`, tone: 'plain' }];
}
