import { stateOrder } from '../../domain/job/order.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { cutMessage, truncate, truncateStart } from '../../presentation/text/fitted.ts';
import { formatAge, formatFullCount, plural, zoneName } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import type { Tone } from '../../presentation/text/tone.ts';
import { widthOf } from '../../presentation/text/width.ts';
import { costText } from '../background/cost.ts';
import { unlockedMinutes } from '../model/access.ts';
import { receivedAt } from '../model/present.ts';
import type { State } from '../model/state.ts';
import { cut, type Line, lineWidth, type Span, span, spread } from '../widgets/spans.ts';

/** Tenant, mode and the first badge are always shown; the rest gives way. */
export function headerLine(state: State): Line {
  const { labels } = state.options;
  const width = state.size.columns - 1;
  const tenant = truncate(safeText(labels.tenant), longestTenant);
  const name = safeText(labels.context ?? labels.database);
  const all = badges(state);
  const withMode = (mode: Line) => {
    const around = widthOf(` servo-tui ·  / ${tenant}`) + lineWidth(mode);
    const least = Math.min(widthOf(name), shortestName);
    return { mode, around, shown: someBadges(all, width - around - least) };
  };
  const short = withMode(modeOf(state, 'RW'));
  const long = withMode(modeOf(state, 'read-write'));
  const isLong = state.size.columns >= roomForMode && long.shown.length === short.shown.length;
  const { mode, around, shown } = isLong ? long : short;
  const room = width - around - (shown.length > 0 ? lineWidth(shown) + 2 : 0);
  const left = [
    span(' servo-tui', 'context'),
    span(' · ', 'dim'),
    span([truncateStart(name, Math.max(0, room)), tenant].filter(Boolean).join(' / '), 'strong'),
    ...mode,
  ];
  const whole = widthOf(name) <= room;
  const spare = width - lineWidth(left) - 2 - lineWidth(shown);
  return spread([...left, ...(whole ? extras(state, spare) : [])], shown, width);
}

/** Slots in use and the zone of all times, as far as there is room. */
function extras({ jobs, options }: State, room: number): Line {
  if (jobs.list === null) return [];
  const { as_of, page } = jobs.list;
  const slots =
    page.slots === null ? [] : [`${page.slots.busy}/${plural(page.slots.total, 'slot')}`];
  const shown: Span[] = [];
  for (const text of [...slots, zoneName(as_of, options.zone)]) {
    const next = span(` · ${text}`, 'dim');
    if (lineWidth([...shown, next]) > room) break;
    shown.push(next);
  }
  return shown;
}

/** On less the mode is abbreviated; on more if a badge would give way to it. */
const roomForMode = 100;
const longestTenant = 24;
const shortestName = 12;

function modeOf(state: State, writes: string): Line {
  if (!state.options.read_only) return [span(' · ', 'dim'), span(writes, 'dim')];
  const left_open = unlockedMinutes(state);
  return left_open === null
    ? [span(' '), badge('READ-ONLY')]
    : [span(' '), badge(`UNLOCKED ${left_open}m`, 'bad')];
}

/**
 * As many badges as fit, the most important first, and that one in any case. None is left out
 * before one that is shown: `1 at risk` alone would say that no job is breached.
 */
function someBadges(all: readonly Span[], room: number): Line {
  let shown: Span[] = [];
  for (const badge of all) {
    const next = shown.length === 0 ? [badge] : [...shown, span('  '), badge];
    if (shown.length > 0 && lineWidth(next) + 2 > room) break;
    shown = next;
  }
  return shown;
}

function badges(state: State): Span[] {
  const { labels } = state.options;
  const shown: Span[] = [];
  if (state.frozen_at !== null) {
    const age = stepAge((state.at - (receivedAt(state) ?? state.frozen_at)) / 1000);
    shown.push(badge(`FROZEN ${age}`));
  }
  if (labels.rls_bypassed) shown.push(badge('RLS BYPASSED'));
  shown.push(...executorBadges(state));
  const firing = state.boards.alerts.data?.alerts.filter((alert) => alert.firing) ?? [];
  if (firing.length > 0) {
    const critical = firing.some(({ severity }) => severity === 'critical');
    shown.push(span(`▲ ${plural(firing.length, 'alert')}`, critical ? 'bad' : 'warn'));
  }
  const { breached = 0, at_risk = 0, capped: more = false } = state.jobs.late ?? {};
  const orMore = more ? '+' : '';
  if (breached > 0) shown.push(span(`${breached}${orMore} breached`, 'bad'));
  if (at_risk > 0) shown.push(span(`${at_risk}${orMore} at risk`, 'bad'));
  const cost = costText(state);
  if (cost !== null) shown.push(span(cost, 'warn'));
  if (labels.embedded) shown.push(span('EMBEDDED', 'accent'));
  return shown;
}

const worked: readonly string[] = ['pending', 'running', 'resuming'];

/** A missing or silent executor, before any alert can fire. */
function executorBadges({ boards, jobs }: State): Span[] {
  const executors = boards.alerts.data?.executors;
  const counts = jobs.list?.counts ?? {};
  if (executors === undefined || !worked.some((name) => (counts[name] ?? 0) > 0)) return [];
  if (executors.alive === 0) return [span('no executor', 'bad')];
  return executors.silent === 0
    ? []
    : [span(`${plural(executors.silent, 'executor')} silent`, 'warn')];
}

function badge(text: string, tone: Tone = 'warn'): Span {
  return { text: ` ${text} `, tone, inverse: true, as: 'badge' };
}

export function countsLine(state: State): Line {
  const counts = state.jobs.list?.counts ?? {};
  const known: readonly string[] = stateOrder;
  const states = [...known, ...Object.keys(counts).filter((name) => !known.includes(name))];
  const line: Span[] = [span(' ')];
  for (const name of states) {
    const count = counts[name] ?? 0;
    if (count === 0) continue;
    const { glyph, word, tone } = stateLabel(name);
    if (line.length > 1) line.push(span('  '));
    line.push(span(glyph, tone), span(` ${capped(count)} ${word}`));
  }
  return cut(line, state.size.columns - 1);
}

/** The database stops counting at 1,000. */
function capped(count: number): string {
  return count >= 1000 ? '1,000+' : formatFullCount(count);
}

export function bannerLine(state: State): Line {
  const { failure, down_since, silent_since } = state.link;
  const since = down_since ?? silent_since;
  if (since === null) return [];
  const received = receivedAt(state);
  const age =
    received === null ? 'no data yet' : `data is ${stepAge((state.at - received) / 1000)} old`;
  const what =
    failure === null
      ? `no answer from the database for ${stepAge((state.at - since) / 1000)}`
      : `${shortened(failure.message, state)}${failure.hint === undefined ? '' : ` (${safeText(failure.hint)})`}`;
  const room = state.size.columns - 3;
  // "retrying" gives way to the cause.
  const whole = failure === null ? `${age} · ${what}` : `${age} · retrying · ${what}`;
  const text = widthOf(whole) <= room ? whole : cutMessage(`${age} · ${what}`, room);
  return [{ text: ` ${text} `, tone: 'bad', inverse: true }];
}

function shortened(message: string, { options }: State): string {
  return safeText(message.replace(options.labels.database, 'it'));
}

/** In steps of five seconds, so that the line does not tick. */
function stepAge(seconds: number): string {
  if (seconds < 5) return '<5s';
  return seconds < 60 ? `${Math.floor(seconds / 5) * 5}s` : formatAge(seconds);
}
