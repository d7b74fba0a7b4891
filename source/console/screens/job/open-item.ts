import type { JobEvent } from '../../../domain/job/detail.ts';
import { shortId } from '../../../domain/job/reference.ts';
import { stateLabel } from '../../../presentation/job/state-label.ts';
import { causeLines, messageLines } from '../../../presentation/partition/text.ts';
import { eventCells } from '../../../presentation/report/event-cells.ts';
import { formatMoment } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { openSource, textReader } from '../../dialogs/reader/state.ts';
import { type PanelItem, partitionKeyOf } from '../../model/panels.ts';
import type { JobScreen, State, Step } from '../../model/state.ts';

export function openItem(state: State, job: JobScreen, item: PanelItem): Step {
  if (item.panel === 'events') return [eventRead(state, item.event), []];
  const key = partitionKeyOf(item);
  if (key !== null) return openPartition(state, job, key, 'all');
  const { title, lines } = contents(state, item);
  return [{ ...state, overlay: textReader(title, lines.join('\n')) }, []];
}

export function openPartition(
  state: State,
  job: JobScreen,
  key: string,
  part: 'all' | 'log',
): Step {
  const shown = safeText(key, { cap: 300 });
  const title = part === 'all' ? `Partition ${shown}` : `Log of ${shown}`;
  const text = part === 'all' ? knownOf(job, key) : 'loading …';
  return openSource(state, title, { type: 'partition', id: job.id, key, part }, text);
}

function knownOf({ insight, detail }: JobScreen, key: string): string {
  const failed = (insight?.failures ?? []).flatMap(({ partitions }) => partitions);
  const found = [...failed, ...(detail?.open ?? [])].find((one) => one.partition_key === key);
  const message = found?.error_message ?? null;
  return [...(message === null ? [] : [...messageLines(message), '']), 'loading …'].join('\n');
}

function eventRead(state: State, event: JobEvent): State {
  const words = eventCells(event).map(({ text }) => text);
  const title = `Event at ${clock(state, event.at)}`;
  const lines = [words.join(''), ...(event.kind === 'state' ? [] : causeLines(event.reason))];
  return { ...state, overlay: textReader(title, lines.join('\n')) };
}

function contents(state: State, item: PanelItem): { title: string; lines: string[] } {
  if (item.panel === 'executors') {
    const { executor } = item;
    return {
      title: `Executor ${safeText(executor.id, { cap: 300 })}`,
      lines: [
        `runs       ${executor.partitions} of the job's partitions in ${executor.slots} slots`,
        `since      ${clock(state, executor.since)}`,
        `last seen  ${executor.seen_at === null ? 'not registered: an external writer' : clock(state, executor.seen_at)}`,
        ...(executor.draining ? ['draining: claims nothing new'] : []),
        ...(executor.lost ? ['declared dead: its partitions are rescued'] : []),
      ],
    };
  }
  if (item.panel === 'tree' && item.way === 'made') {
    const { asset } = item;
    return {
      title: `Asset ${safeText(asset.name, { cap: 300 })}`,
      lines: [
        asset.depth === 1
          ? 'directly downstream of this job'
          : `downstream of this job, ${asset.depth} steps away`,
        `owner  ${asset.owner === null ? '–' : safeText(asset.owner, { cap: 300 })}`,
        ...(asset.jobs.length === 0 ? ['no active jobs'] : ['active jobs']),
        ...asset.jobs.map(({ id, state }) => `  ${shortId(id)} ${stateLabel(state).word}`),
      ],
    };
  }
  return { title: 'Job', lines: ['this job was deleted'] };
}

function clock(state: State, at: Date | null): string {
  if (at === null) return '–';
  return formatMoment(at, state.job?.detail?.as_of ?? at, state.options.zone);
}
