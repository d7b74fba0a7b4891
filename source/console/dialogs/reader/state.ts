import { logText, partitionText } from '../../../presentation/partition/text.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { ask, unasked } from '../../model/asking.ts';
import type { DataAnswer, DataEffect } from '../../model/effects.ts';
import { dialogRows, readerLines } from '../../model/layout.ts';
import { noticed } from '../../model/notice.ts';
import type { Reader, ReaderSource } from '../../model/overlay.ts';
import type { State, Step } from '../../model/state.ts';
import { type Motion, movedIndex } from '../../widgets/list.ts';
import { explained } from './explain.ts';

export function textReader(title: string, text: string, copy: string | null = null): Reader {
  return { type: 'reader', title, text, top: 0, copy, source: null, live: false, follow: false };
}

/** No script shown here is longer. */
const longestScript = 200_000;

export function sqlReader(title: string, sql: string): Reader {
  return textReader(title, safeText(sql, { cap: longestScript, lines: true }), sql);
}

export function openSource(state: State, title: string, source: ReaderSource, text: string): Step {
  const follow = source.type === 'partition' && source.part === 'log';
  const reader: Reader = { ...textReader(title, text), source, live: true, follow };
  // The previous reader's answer is no longer needed.
  return refreshReader(unasked({ ...state, overlay: reader }, 'reader'));
}

export function refreshReader(state: State): Step {
  const { overlay } = state;
  if (overlay?.type !== 'reader' || overlay.source === null || !overlay.live) return [state, []];
  return ask(state, 'reader', questions[overlay.source.type](overlay.source as never));
}

const questions: {
  readonly [T in ReaderSource['type']]: (source: Extract<ReaderSource, { type: T }>) => DataEffect;
} = {
  partition: ({ id, key }) => ({ type: 'load-partition', id, key }),
  'job-sql': ({ id }) => ({ type: 'load-job-sql', id }),
  explain: ({ id }) => ({ type: 'explain-job', id }),
};

export function readerAnswered(state: State, answer: DataAnswer): Step {
  const { overlay } = state;
  if (overlay?.type !== 'reader' || overlay.source === null) return [state, []];
  if (answer.type === 'sql' && overlay.source.type === 'job-sql') {
    return [
      { ...state, overlay: { ...sqlReader(overlay.title, answer.text), top: overlay.top } },
      [],
    ];
  }
  if (answer.type === 'explained' && overlay.source.type === 'explain') {
    return [{ ...state, overlay: explained(state, overlay, answer.diagnosed) }, []];
  }
  if (answer.type === 'partition' && overlay.source.type === 'partition') {
    const { zone } = state.options;
    const text = (overlay.source.part === 'log' ? logText : partitionText)(answer.detail, zone);
    const live = answer.detail.partition.state === 'running';
    return [withEndInSight(state, { ...overlay, text, copy: text, live }), []];
  }
  if (answer.type !== 'failure' || answer.failure.code === 'database_unreachable')
    return [state, []];
  const text = `could not be loaded: ${safeText(answer.failure.message)}`;
  return [{ ...state, overlay: { ...overlay, text, live: false } }, []];
}

function withEndInSight(state: State, reader: Reader): State {
  if (!reader.follow) return { ...state, overlay: reader };
  const last = Math.max(0, readerLines(reader, state.size).length - dialogRows(state));
  return { ...state, overlay: { ...reader, top: last } };
}

/** At its end a growing text is followed; scrolled up, it stays. */
export function scrolledReader(state: State, reader: Reader, motion: Motion): State {
  const rows = dialogRows(state);
  const last = Math.max(0, readerLines(reader, state.size).length - rows);
  const top = movedIndex(motion, reader.top, last + 1, rows);
  return { ...state, overlay: { ...reader, top, follow: top === last } };
}

export function copyReader(state: State): Step {
  const { overlay } = state;
  if (overlay?.type !== 'reader' || overlay.copy === null) return [state, []];
  const [next, effects] = noticed(state, `copied ${overlay.title}`);
  return [next, [{ type: 'copy', text: overlay.copy }, ...effects]];
}

export function nothingToCopy({ overlay }: State): string | null {
  return overlay?.type === 'reader' && overlay.copy !== null ? null : 'nothing to copy';
}
