import type { JobAction } from '../../../domain/job/action.ts';
import { actionSql } from '../../../domain/job/action-sql.ts';
import type { JobView } from '../../../domain/job/job.ts';
import { shortId } from '../../../domain/job/reference.ts';
import { actionText, type Intent } from '../../../presentation/job/action-text.ts';
import { claimObstacle, mayNotFinish } from '../../../presentation/job/claim-obstacle.ts';
import { dialogText } from '../../../presentation/job/dialog-text.ts';
import { stateLabel } from '../../../presentation/job/state-label.ts';
import { formatAge, formatFullCount, plural } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { actionOf } from '../../model/actions.ts';
import type { Card, CardPlan } from '../../model/overlay.ts';
import { noLongerThere } from '../../model/present.ts';
import { isOfChanges } from '../../model/run-items.ts';
import type { State } from '../../model/state.ts';
import { labelled } from '../../widgets/labelled.ts';
import type { Line } from '../../widgets/spans.ts';
import { forecastLines, startsInTurn } from './forecast.ts';
import { planLines } from './plan.ts';
import {
  actionOfCard,
  changedMeanwhile,
  firstPossible,
  isGone,
  settingsOf,
  settingsOfChange,
} from './state.ts';

/** The part of a plan's room that its forecast may take: one of so many. */
const planShare = 3;
/** Lines of SQL on a low terminal, and where there is a forecast to show. */
const usualSql = 6;
const leastSql = 3;

/**
 * `now`: index of the line about a job that has changed or gone; `listed`: index after a plan's
 * list; null without one.
 */
export type Details = { lines: Line[]; now: number | null; listed: number | null };

export function details(state: State, card: Card, width: number, room: number): Details {
  const { job } = card;
  const { action } = actionOfCard(card);
  if (card.plan !== null) {
    const sql = isOfChanges(card.plan) ? changeSql(card, card.plan) : planSql(card, card.plan);
    const first = firstPossible(card.plan);
    const lines = [
      ...(first ? obstacleLine(card, first, width, `${shortId(first.id)}: `) : []),
      ...labelled('SQL', sql.replace(/\s+/g, ' '), width, 3, 'dim'),
    ];
    const most = Math.max(1, Math.floor((room - lines.length) / planShare));
    const forecast = forecastLines(card, width, most);
    const list = planLines(card, card.plan, width, room - lines.length - forecast.length);
    return { lines: [...list, ...forecast, ...lines], now: null, listed: list.length };
  }
  const settings = settingsOf(card);
  const { as_of: asOf, zone, known, only } = card;
  const intent: Intent = { job, asOf, settings, zone, known, only };
  const words = actionText[action];
  const after = words.after(intent);
  const as = labelled('Seen', seenText(state, card), width, 2);
  const now = nowText(state, card);
  const seen = [
    ...as,
    ...(now === null ? [] : labelled('Now', now, width, 1, 'bad')),
    ...othersLine(card, width),
  ];
  const news = card.recent === null ? [] : labelled('News', card.recent, width, 2, 'warn');
  const which = only === null ? '' : ` -- only ${safeText(only, { cap: 60 })}`;
  const sql = `${actionSql(action, job, settings).replace(/\s+/g, ' ')}${which}`;
  const sqlLines = (most: number) => labelled('SQL', sql, width, most, 'dim');
  const around = [
    ...(after === null ? [] : labelled('Then', after, width, 2)),
    ...obstacleLine(card, job, width),
    ...mayNotFinishLine(card, width),
  ];
  const what = labelled('Will', words.will(intent), width, 3);
  const taken = seen.length + what.length + around.length + sqlLines(leastSql).length;
  const forecast = forecastLines(card, width, Math.max(1, room - taken));
  const will = [...what, ...forecast, ...around];
  // What will happen takes precedence over recent events.
  const fits = seen.length + news.length + will.length <= room;
  const lines = fits ? [...seen, ...news, ...will] : [...seen, ...will, ...news];
  const least = forecast.length > 0 ? leastSql : usualSql;
  const shown = sqlLines(Math.max(least, room - lines.length));
  return { lines: [...lines, ...shown], now: now === null ? null : as.length, listed: null };
}

function planSql(card: Card, plan: CardPlan): string {
  const job = firstPossible(plan) ?? card.job;
  const { action } = actionOfCard(card);
  return `of each, as of ${shortId(job.id)}: ${actionSql(action, job, settingsOf(card))}`;
}

function changeSql(card: Card, { jobs, top }: CardPlan): string {
  const possible = ({ refusal }: CardPlan['jobs'][number]) => refusal === null;
  const line = jobs.slice(top).find(possible) ?? jobs.find(possible);
  if (line?.change === undefined) return '';
  const { action } = actionOf(line.change.name);
  const settings = settingsOfChange(card, line.change);
  return `of ${action} ${shortId(line.job.id)}: ${actionSql(action, line.job, settings)}`;
}

function seenText(state: State, { job, seen_at }: Card): string {
  const ago = Math.floor((state.at - seen_at) / 5000) * 5;
  const when = ago < 5 ? 'just now' : `${ago < 60 ? `${ago}s` : formatAge(ago)} ago`;
  const flight = job.running_slots > 0 ? `, ${plural(job.running_slots, 'partition')} running` : '';
  return `${when}: ${stateLabel(job.state).word}, version ${job.version}, ${formatFullCount(job.completed_partitions)}/${formatFullCount(job.total_partitions)}${flight}`;
}

function othersLine({ others }: Card, width: number): Line[] {
  const text = others && dialogText(others.dialogs, others.as_of);
  return text === null ? [] : labelled('Also', text, width, 2, 'warn');
}

const makesWork: readonly JobAction[] = ['resume', 'retry', 'recreate', 'reclaim'];

function obstacleLine(card: Card, { state }: JobView, width: number, of = ''): Line[] {
  const { action } = actionOfCard(card);
  const paused = state === 'paused' && action !== 'resume';
  if (card.known === null || paused || !makesWork.includes(action)) return [];
  // The forecast tells the queue and the limit of a job that starts in its turn.
  if (startsInTurn(card)) return [];
  const text = claimObstacle(card.known);
  return text === null ? [] : labelled('But', of + text, width, 2, 'warn');
}

/** The dialog of reclaim says itself what happens to these partitions. */
function mayNotFinishLine(card: Card, width: number): Line[] {
  if (card.known === null || actionOfCard(card).action === 'reclaim') return [];
  const text = mayNotFinish(card.known);
  return text === null ? [] : labelled('But', text, width, 2, 'warn');
}

export function nowText(state: State, card: Card): string | null {
  if (isGone(state, card)) return noLongerThere;
  const now = changedMeanwhile(state, card);
  if (now === null) return null;
  return `${stateLabel(now.state).word}, version ${now.version}: the job has changed`;
}
