import type { JobView } from '../../domain/job/job.ts';
import { type JobColumn, jobColumns } from '../../presentation/job/columns.ts';
import { dialogText } from '../../presentation/job/dialog-text.ts';
import { healthText, isWaiting } from '../../presentation/job/health-text.ts';
import { formatFullCount, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { cellOf, type LaidColumn } from '../../presentation/text/table.ts';
import { signOf, type Tone } from '../../presentation/text/tone.ts';
import { searchLimitText } from '../../presentation/triage/search-limit.ts';
import { followShown, followText } from '../background/follow.ts';
import { dialogsInTable } from '../background/presence.ts';
import { dialogOf, type KeyHint } from '../dialogs/keys.ts';
import { runText } from '../dialogs/run/state.ts';
import { scopeOf } from '../model/binding.ts';
import { rowOf, rowsOf } from '../model/job-rows.ts';
import { keyFor } from '../model/key-hints.ts';
import { keyName } from '../model/key-names.ts';
import { hasPane, jobsLayout } from '../model/layout.ts';
import { holdsAll, isAnswered, isPaged, possibleSort } from '../model/paging.ts';
import { targetOf } from '../model/present.ts';
import { isRunOpen } from '../model/run-items.ts';
import { type State, tableLimit } from '../model/state.ts';
import { fieldText } from '../widgets/field-spans.ts';
import { cut, type Line, lineWidth, message, type Span, span, spread } from '../widgets/spans.ts';
import { sortName } from './settings.ts';

export function infoLine(state: State): Line {
  const { list, filter, sort } = state.jobs;
  const width = state.size.columns - 1;
  if (list === null) return [];
  const answered = isAnswered(state.jobs);
  const problem = filter.problems[0] ?? (answered ? list.page.problem : null);
  const amount = amountText(state.jobs);
  if (state.overlay?.type === 'filter') {
    const typed = { value: filter.text, caret: state.overlay.caret };
    const field = [span(' / ', 'accent'), ...fieldText(typed, width - 3)];
    const note = problem ?? (answered ? amount : looking);
    return spread(field, [span(note, problem === null ? 'dim' : 'warn')], width);
  }
  const left = [span(` ${answered ? amount : looking}`, 'dim')];
  if (filter.text !== '')
    left.push(span(' · filter: ', 'dim'), span(safeText(filter.text), 'accent'));
  if (problem !== null) left.push(span(` · ${signOf('warn')}${problem}`, 'warn'));
  const shown = possibleSort(state.jobs);
  if (list.jobs.length > 1) left.push(span(` · sorted by ${sortName(shown)}`, 'dim'));
  if (shown.column !== sort.column) {
    const most = formatFullCount(tableLimit);
    left.push(span(` · not by ${sortName(sort)}: more than ${most} match`, 'warn'));
  }
  const marked = state.marks.size;
  const marks = marked === 0 ? [] : [span(`${formatFullCount(marked)} marked  `, 'accent')];
  return spread(left, [...marks, span(rowsShownText(state), 'dim')], width);
}

const looking = 'searching all jobs …';

function amountText(jobs: State['jobs']): string {
  const page = jobs.list!.page;
  if (isPaged(jobs)) return `${totalText(jobs)} jobs`;
  const matching = rowsOf(jobs).filter(({ unmatched, gone }) => !unmatched && !gone).length;
  if (!holdsAll(jobs)) return `${plural(matching, 'job')}${searchLimitText(page)}`;
  const all = plural(jobs.list!.jobs.length, 'job');
  return jobs.filter.text === '' ? all : `${formatFullCount(matching)} of ${all}`;
}

function totalText({ list, counted }: State['jobs']): string {
  const total = counted?.filter === list!.page.filter ? counted.total : null;
  if (total === null) return `more than ${formatFullCount(tableLimit)}`;
  return `${formatFullCount(total.count)}${total.capped ? '+' : ''}`;
}

function rowsShownText(state: State): string {
  const { jobs } = state;
  const { rows } = jobsLayout(state);
  const { order, top, first } = jobs;
  const shown = Math.min(order.length - top, rows);
  if (!isPaged(jobs)) {
    return order.length > rows
      ? `${formatFullCount(top + 1)}–${formatFullCount(top + shown)} of ${formatFullCount(order.length)}`
      : '';
  }
  const all = totalText(jobs);
  if (first !== null) {
    return `${formatFullCount(first + top + 1)}–${formatFullCount(first + top + shown)} of ${all}`;
  }
  const atEnd = !jobs.list!.page.after && top + shown === order.length;
  return atEnd ? `the last ${shown} of ${all}` : `further down, of ${all}`;
}

/** Marked by a sign as well as by its colour. */
function remark(text: string, tone: Tone, width: number): Line {
  const sign = signOf(tone);
  if (sign === '') return message(text, tone, width);
  const [rest] = message(text, tone, width - sign.length - 1, '');
  return [{ text: ` ${sign}`, tone, as: 'status' }, rest!];
}

export function noteLine(state: State, laid: readonly LaidColumn<JobColumn>[]): Line {
  const width = state.size.columns - 1;
  const { follow, others } = followShown(state, targetOf(state)?.job.id ?? null);
  if (state.opening !== null) return cut([span(` opening ${state.opening} …`, 'accent')], width);
  if (state.notice !== null) return remark(state.notice.text, state.notice.tone, width);
  const more = others === 0 ? [] : [span(`${plural(others, 'action')} pending`, 'dim')];
  if (follow !== null) return spread(remark(followText(follow), follow.tone, width), more, width);
  if (state.run !== null && state.run.read !== true) {
    const stopped = state.run.stopped !== null && isRunOpen(state);
    const text = `${runText(state)} (${keyFor(state, 'run')} shows it)`;
    return message(text, stopped ? 'bad' : 'plain', width);
  }
  if (state.screen === 'jobs') return spread(hiddenFields(state, laid), more, width);
  return more.length === 0 ? [] : spread([span(' ')], more, width);
}

function hiddenFields(state: State, laid: readonly LaidColumn<JobColumn>[]): Line {
  const row = rowOf(state.jobs, state.jobs.cursor);
  if (row === null || state.jobs.list === null) return [];
  const { job } = row;
  if (row.gone) return [span(' this job no longer exists: shown as last read', 'warn')];
  if (row.unmatched) return [span(' no longer matches the filter', 'warn')];
  const others = dialogText(dialogsInTable(state, job.id), state.jobs.list.as_of);
  if (others !== null) return [span(` ${others}`, 'warn')];
  // The pane shows all of it.
  if (hasPane(state)) return [];
  const context = { as_of: state.jobs.list.as_of, zone: state.options.zone, width: 40 };
  const narrow = (name: string) => laid.find(({ column }) => column.name === name)?.width ?? 0;
  const words = inOrder.flatMap((column) => {
    const { forms } = column.phrase(job, context);
    const shown = narrow(column.name);
    const cutShort = forms.length > 1 && forms[0].length > shown;
    if (drawnOnly.includes(column.name)) return [];
    if (laid.length === 0 || forms[0] === '–' || (shown > 0 && !cutShort)) return [];
    return [hiddenField(column, job, cellOf(column, job, context).text.trim())];
  });
  const health = healthText(job);
  const line = [span(` ${words.join(' · ')}`, 'dim')];
  // The problem comes before the figures: the end may be cut off.
  return health === null
    ? line
    : [
        span(` ${signOf(health.tone)}${health.text}`, health.tone),
        ...(words.length === 0 ? [] : [span(' ·', 'dim'), ...line]),
      ];
}

/** State and range come first, because the end may be cut off. */
const inOrder: readonly JobColumn[] = [
  ...jobColumns.filter(({ name }) => name === 'state' || name === 'range'),
  ...jobColumns.filter(({ name }) => name !== 'state' && name !== 'range'),
];

/** Columns that add nothing to DONE. */
const drawnOnly = ['progress', 'percent'];

/** `128/min`, `priority 5`; state and SLA without a label. */
function hiddenField({ name, title }: JobColumn, job: JobView, text: string): string {
  if (name === 'state' || name === 'sla') return text;
  if (name === 'rate') return `${text}/min`;
  if (name === 'eta') return job.state === 'running' && !isWaiting(job) ? `ETA ${text}` : text;
  return `${title.toLowerCase()} ${text}`;
}

/**
 * The footer's keys, dim if disabled. If there is no room, disabled ones go first; help and the way
 * out stay.
 */
export function hintsLine(state: State): Line {
  const width = state.size.columns - 1;
  const hints = hintsFor(state);
  while (hints.length > 0 && lineWidth(hintSpans(hints)) > width) {
    const given = hints.findLastIndex(({ off, lasting }) => off && !lasting);
    const last = given === -1 ? hints.findLastIndex(({ lasting }) => !lasting) : given;
    // At the narrowest only the way out stays.
    hints.splice(Math.max(0, last), 1);
  }
  return hintSpans(hints);
}

function hintSpans(hints: readonly Hint[]): Span[] {
  return hints.flatMap(({ key, word, off }, index) => [
    span(`${index === 0 ? ' ' : '  '}${key}`, off ? 'dim' : 'accent'),
    span(` ${word}`, 'dim'),
  ]);
}

type Hint = { key: string; word: string; off: boolean; lasting: boolean };

function hintsFor(state: State): Hint[] {
  const dialog = dialogOf(state);
  if (dialog !== null) return fixed(dialog.hints(state, state.overlay!));
  const scope = scopeOf(state);
  return state.options.keymap
    .filter(({ hint, on }) => hint !== undefined && on.includes(scope))
    .map((binding) => ({
      key: keyName(binding.keys[0]),
      word: scope !== 'jobs' && binding.hint === 'quit' ? 'back' : binding.hint!,
      off: (binding.disabled?.(state) ?? null) !== null,
      lasting: binding.hint === 'help' || binding.hint === 'quit',
    }));
}

function fixed(pairs: readonly KeyHint[]): Hint[] {
  return pairs.map(([key, word], index) => ({
    key,
    word,
    off: false,
    lasting: index === pairs.length - 1,
  }));
}
