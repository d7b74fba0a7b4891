import { type Dialog, dialogsWithout } from '../../domain/job/dialog.ts';
import type { JobView } from '../../domain/job/job.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { actionText } from '../../presentation/job/action-text.ts';
import { obstaclesTo } from '../../presentation/job/claim-obstacle.ts';
import { closedDialog, dialogText } from '../../presentation/job/dialog-text.ts';
import { effectTexts } from '../../presentation/job/effect-text.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { forecastOf } from '../dialogs/card/asked-forecast.ts';
import { changedMeanwhile, firstPossible } from '../dialogs/card/state.ts';
import { actionOf } from '../model/actions.ts';
import { failureText } from '../model/notice.ts';
import type { Card, RunItem } from '../model/overlay.ts';
import { jobsRead } from '../model/paging.ts';
import { isOpen, runSummary } from '../model/run-items.ts';
import type { Follow, State } from '../model/state.ts';
import { changeLines, clockOf, jobLine, nameOf } from './job-lines.ts';
import { cardOf, openingLines, questionLines, questionOf } from './questions.ts';

/** What is worth a line in the step from one state to the next. Nothing that ticks. */
export function news(before: State, after: State): string[] {
  return [linkLines, tableLines, alertLines, runLines, followLines, noticeLines, cardLines].flatMap(
    (lines) => lines(before, after),
  );
}

/** An answer that is late by less is no news. */
const longSilence = 10_000;

function isLost({ link, at }: State): boolean {
  const { down_since, silent_since } = link;
  return down_since !== null || (silent_since !== null && at - silent_since >= longSilence);
}

function linkLines(before: State, after: State): string[] {
  if (isLost(before) === isLost(after)) return [];
  if (!isLost(after)) return ['The database answers again.'];
  const { failure } = after.link;
  const why = failure === null ? '' : `: ${failureText(failure)}`;
  return [`No answer from the database${why}. Retrying.`];
}

/** The first reading prints a summary, later ones what has changed. */
function tableLines(before: State, after: State): string[] {
  const { list } = after.jobs;
  if (list === null || list === before.jobs.list) return [];
  const known = new Map(jobsRead(before.jobs).map((job) => [job.id, job]));
  const lines = before.jobs.list === null ? [summary(list)] : jobsLines(known, after, list);
  return [...lines, ...dialogLines(before.jobs.list?.page.dialogs ?? [], list, known)];
}

function jobsLines(known: ReadonlyMap<string, JobView>, after: State, list: JobPage): string[] {
  const clock = clockOf(after);
  const read = [...list.jobs, ...list.page.kept.filter(({ id }) => known.has(id))];
  const present = new Set(read.map(({ id }) => id));
  const gone = list.truncated ? [] : [...known.values()].filter(({ id }) => !present.has(id));
  return [
    ...read.flatMap((job) => {
      const old = known.get(job.id);
      return old === undefined ? [`new: ${jobLine(job, clock)}`] : changeLines(old, job, clock);
    }),
    ...gone.map((job) => `${nameOf(job)} no longer exists`),
  ];
}

function summary({ jobs, counts, truncated }: JobPage): string {
  const states = Object.entries(counts)
    .filter(([, count = 0]) => count > 0)
    .map(([state, count]) => `${count} ${safeText(state.replace('_', ' '), { cap: 40 })}`);
  if (jobs.length === 0) return 'No jobs.';
  const followed = truncated ? ` The ${jobs.length} most urgent are followed.` : '';
  return `${states.join(', ')}.${followed}`;
}

function dialogLines(
  before: readonly Dialog[],
  { as_of, jobs, page }: JobPage,
  old: ReadonlyMap<string, JobView>,
): string[] {
  const known = new Map([...old, ...jobs.map((job) => [job.id, job] as const)]);
  const line = (dialog: Dialog, words: string | null) => {
    const id = dialog.job_ids.find((one) => known.has(one));
    return id === undefined ? [] : [`${nameOf(known.get(id)!)}: ${words}`];
  };
  const [opened, closed] = [
    dialogsWithout(page.dialogs, before),
    dialogsWithout(before, page.dialogs),
  ];
  return [
    ...opened.flatMap((one) => line(one, dialogText([one], as_of, 'on it'))),
    ...closed.flatMap((one) => line(one, closedDialog(one))),
  ];
}

export function firing({ boards }: State): string[] | null {
  const firing = boards.alerts.data?.alerts.filter((alert) => alert.firing);
  return firing?.map(({ name }) => name) ?? null;
}

export function fires(name: string): string {
  return `Alert ${name} is firing.`;
}

function alertLines(before: State, after: State): string[] {
  if (before.boards.alerts === after.boards.alerts) return [];
  const [old, now] = [firing(before) ?? [], firing(after) ?? []];
  return [
    ...now.filter((name) => !old.includes(name)).map(fires),
    ...old.filter((name) => !now.includes(name)).map((name) => `Alert ${name} is resolved.`),
  ];
}

function runLines({ run: before }: State, { run }: State): string[] {
  if (run === null || run === before) return [];
  const left = run.items.filter(({ result }) => result === null).length;
  if (run.plan.id !== before?.plan.id)
    return [
      `${run.name} ${plural(left, 'job')}: one after the other; stop ends it after the current job.`,
    ];
  const results = run.items.flatMap((item, index) => itemLines(before.items[index]!, item));
  if (left === 0) return isOpen(before) ? [...results, `${runSummary(run)}.`] : results;
  if (run.stopped === null) return results;
  if (run.request === null && before.request !== null)
    return [...results, `${runSummary(run)}. Type continue to do the rest.`];
  return before.stopped === null ? ['Stopping after the current job.'] : results;
}

function itemLines(before: RunItem, { job, result, answer_lost }: RunItem): string[] {
  if (result !== null && before.result === null)
    return [`${result.result}: ${nameOf(job)}: ${safeText(result.message, { cap: 1000 })}`];
  return answer_lost && !before.answer_lost ? [`${nameOf(job)}: no answer, outcome unknown`] : [];
}

function followLines(before: State, { follows }: State): string[] {
  return follows.flatMap((follow) => {
    const old = sameOf(before, follow);
    return old === undefined || isFurther(old, follow) ? [followLine(follow)] : [];
  });
}

function sameOf({ follows }: State, { id, sent_at }: Follow): Follow | undefined {
  return follows.find((one) => one.id === id && one.sent_at === sent_at);
}

/** The first look at the job and each turn: not every partition that is waited for. */
function isFurther(old: Follow, { phase, tone, looked_at }: Follow): boolean {
  return phase !== old.phase || tone !== old.tone || (old.looked_at === 0 && looked_at !== 0);
}

function followLine({ name, seen, phase, text }: Follow): string {
  const doing = phase === 'final' ? '' : `${actionText[actionOf(name).action].gerund} `;
  return `${doing}${nameOf(seen)}: ${text}`;
}

/** Only refusals and warnings: what goes well has lines of its own. */
function noticeLines(before: State, { notice }: State): string[] {
  return notice === null || notice === before.notice || notice.tone === 'plain'
    ? []
    : [notice.text];
}

export function isNextQuestion(before: State, { token, focus }: Card): boolean {
  const old = cardOf(before);
  return old?.token !== token || old.focus !== focus;
}

function cardLines(before: State, after: State): string[] {
  const [old, card] = [cardOf(before), cardOf(after)];
  if (card === null) return old === null || isSent(before, after) ? [] : [closingLine(before, old)];
  if (old?.token !== card.token) return openingLines(after, card);
  const hint = card.hint === null || card.hint === old.hint ? [] : [`${card.hint}.`];
  if (isNextQuestion(before, card)) return [...hint, ...questionLines(card)];
  const recent = card.recent === null || card.recent === old.recent;
  const told = recent ? [] : [`News: ${card.recent}.`];
  const lost = !isLost(before) && isLost(after);
  const again = recent && !lost ? [] : [questionOf(card)];
  return [...told, ...again, ...obstacleLines(old, card), ...forecastLines(old, card)];
}

function obstacleLines(old: Card, { name, job, plan, known }: Card): string[] {
  if (known === null || known === old.known) return [];
  const one = (plan && firstPossible(plan)) ?? job;
  const of = plan === null ? '' : `${nameOf(one)}: `;
  return obstaclesTo(actionOf(name).action, one, known).map((text) => `But: ${of}${text}.`);
}

/** The first answer to the fields as they are: what it becomes while one looks is no news. */
function forecastLines(old: Card, card: Card): string[] {
  const answer = forecastOf(card);
  if (answer === null || answer.effects === null) return [];
  if (answer.of === old.forecast.answer?.of) return [];
  const { own, others } = effectTexts(answer.effects, card.zone);
  return [...own, ...others].map(({ text }) => `Forecast: ${text}.`);
}

function isSent(before: State, after: State): boolean {
  const isNew = (follow: Follow) => sameOf(before, follow) === undefined;
  return after.run !== before.run || after.follows.some(isNew);
}

function closingLine(before: State, card: Card): string {
  const { job, plan, focus, hint } = card;
  const changed = changedMeanwhile(before, card);
  if (changed !== null) return `${nameOf(changed)} has changed meanwhile: nothing was done`;
  const what = plan === null ? nameOf(job) : plural(plan.jobs.length, 'job');
  // A hint about a field has been printed with its question.
  return `${(focus === 'confirm' ? hint : null) ?? what}: nothing was done`;
}
