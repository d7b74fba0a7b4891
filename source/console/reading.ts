import { logText, partitionText } from '../presentation/partition/text.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { DataAnswer, DataEffect } from './effects.ts';
import { explained } from './explain.ts';
import { readerLines, readerRows } from './layout.ts';
import { ask } from './loading.ts';
import { noticed } from './notice.ts';
import type { Reader, ReaderSource } from './overlay.ts';
import type { State, Step } from './state.ts';

/** A text to be read in full as it is, with what `y` copies of it. */
export function textReader(title: string, text: string, copy: string | null = null): Reader {
  return { type: 'reader', title, text, top: 0, copy, source: null, live: false, follow: false };
}

/** A script as long as any that is shown here. */
const longestScript = 200_000;

/** SQL to be read, and to be copied as it is run. */
export function sqlReader(title: string, sql: string): Reader {
  return textReader(title, safeText(sql, { cap: longestScript, lines: true }), sql);
}

/** Opens what is still to be read: `text` stands there until it has been. */
export function openSource(state: State, title: string, source: ReaderSource, text: string): Step {
  const follow = source.type === 'partition' && source.part === 'log';
  const reader: Reader = { ...textReader(title, text), source, live: true, follow };
  // A question about what was read before is of no more use.
  const free = { ...state, overlay: reader, asked: { ...state.asked, reader: null } };
  return refreshReader(free);
}

/** Reads again what may have changed under the reader. */
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

/** The answer to the reader's question: dropped where something else lies there by now. */
export function readerAnswered(state: State, answer: DataAnswer): Step {
  const free = { ...state, asked: { ...state.asked, reader: null } };
  const { overlay } = free;
  if (overlay?.type !== 'reader' || overlay.source === null) return [free, []];
  if (answer.type === 'sql' && overlay.source.type === 'job-sql') {
    return [
      { ...free, overlay: { ...sqlReader(overlay.title, answer.text), top: overlay.top } },
      [],
    ];
  }
  if (answer.type === 'explained' && overlay.source.type === 'explain') {
    return [{ ...free, overlay: explained(free, overlay, answer.judged) }, []];
  }
  if (answer.type === 'partition' && overlay.source.type === 'partition') {
    const { zone } = free.options;
    const text = (overlay.source.part === 'log' ? logText : partitionText)(answer.detail, zone);
    const live = answer.detail.partition.state === 'running';
    return [withEndInSight(free, { ...overlay, text, copy: text, live }), []];
  }
  if (answer.type !== 'failure' || answer.failure.code === 'database_unreachable')
    return [free, []];
  const text = `could not be loaded: ${safeText(answer.failure.message)}`;
  return [{ ...free, overlay: { ...overlay, text, live: false } }, []];
}

/** Where the end was in sight before, it is after the text has grown. */
function withEndInSight(state: State, reader: Reader): State {
  if (!reader.follow) return { ...state, overlay: reader };
  const last = Math.max(0, readerLines(reader, state.size).length - readerRows(state.size));
  return { ...state, overlay: { ...reader, top: last } };
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
