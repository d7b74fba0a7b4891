import { actionRules, readParameters } from '../../../domain/job/action.ts';
import type { JobView } from '../../../domain/job/job.ts';
import { changesOf } from '../../../domain/job/settings.ts';
import { formatFullCount, plural } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { whyNotWrite } from '../../model/access.ts';
import { type ActionName, actionOf } from '../../model/actions.ts';
import { ask, chain } from '../../model/asking.ts';
import { listed } from '../../model/boards.ts';
import type { DataAnswer, DraftPlan } from '../../model/effects.ts';
import { rowsOf } from '../../model/job-rows.ts';
import { whyStale } from '../../model/link.ts';
import { failureText, noticed } from '../../model/notice.ts';
import type { CardPlan, PlannedChange, Planning } from '../../model/overlay.ts';
import { targetOf } from '../../model/present.ts';
import { whyRunOpen } from '../../model/run-items.ts';
import type { State, Step } from '../../model/state.ts';
import { cardOn, whyNot } from './state.ts';

export function actsOnMarks({ screen, marks }: State): boolean {
  return screen === 'jobs' && marks.size > 0;
}

export function whyNotHere(state: State, name: ActionName): string | null {
  return actsOnMarks(state) ? whyNoPlan(state) : whyNot(state, name, targetOf(state));
}

export function whyNoPlan(state: State): string | null {
  const loading = state.planning === null ? null : 'the marked jobs are loading';
  return whyNotWrite(state) ?? whyRunOpen(state) ?? whyStale(state) ?? loading;
}

/** Reads the marked jobs; the dialog opens on the answer. */
export function askPlan(state: State, name: ActionName): Step {
  return askFor(
    state,
    { name },
    { ids: [...state.marks] },
    `loading ${plural(state.marks.size, 'job')} …`,
  );
}

export function askMatching(state: State, name: ActionName, filter: string): Step {
  return askFor(state, { name, matching: true }, { filter }, 'loading all matching jobs …');
}

export function askChanges(state: State, changes: NonNullable<Planning['changes']>): Step {
  const ids = [...new Set(changes.map(({ id }) => id))];
  const { name } = changes[0]!.change;
  return askFor(state, { name, changes }, { ids }, `loading ${plural(ids.length, 'job')} …`);
}

/** Marks all jobs that match now: a fixed list, whatever matches later. */
export function markAll(state: State): Step {
  const { text } = state.jobs.filter;
  return askFor(state, { name: null }, { filter: text }, 'loading all matching jobs …');
}

export function whyNoMarkAll(state: State): string | null {
  const loading = state.planning === null ? null : 'the jobs are already loading';
  return state.jobs.filter.problems[0] ?? whyStale(state) ?? loading;
}

function askFor(
  state: State,
  planning: Planning,
  which: { ids: readonly string[] } | { filter: string },
  text: string,
): Step {
  const step = noticed({ ...state, range: null, planning }, text);
  return chain(step, (next) => ask(next, 'plan', { type: 'plan-jobs', ...which }));
}

export function planAnswered(state: State, answer: DataAnswer): Step {
  const { planning } = state;
  const free = { ...state, planning: null, notice: null };
  if (planning === null) return [free, []];
  if (answer.type === 'failure') return noticed(free, failureText(answer.failure), 'warn');
  if (answer.type !== 'planned') return [free, []];
  const { plan } = answer;
  if (planning.name === null) return marked(free, plan);
  const [first] = plan.jobs;
  if (first === undefined)
    return noticed(
      free,
      planning.matching
        ? 'no job matches'
        : `none of the ${jobsWord(planning)} jobs exists any more`,
      'warn',
    );
  const { changes, name } = planning;
  if (state.overlay !== null || state.screen !== (changes === undefined ? 'jobs' : 'risk')) {
    const what = changes === undefined ? name : 'the what-if';
    return noticed(free, `${what} was not opened: press its key again`, 'warn');
  }
  return openPlan(free, { ...planning, name }, plan, first);
}

function marked(state: State, { jobs, truncated }: DraftPlan): Step {
  const marks = new Set([...state.marks, ...jobs.map(({ id }) => id)]);
  const { text } = state.jobs.filter;
  const of = text === '' ? 'all jobs' : `all that match ${safeText(text)}`;
  const more = truncated ? '; more jobs match than can be marked' : '';
  return noticed(
    { ...state, marks },
    `${plural(jobs.length, 'job')} marked: ${of}${more}`,
    truncated ? 'warn' : 'plain',
  );
}

export function plannedJobs(name: ActionName, { jobs }: DraftPlan): CardPlan['jobs'] {
  const { refusal } = actionRules[actionOf(name).action];
  return jobs.map((job) => ({ job, refusal: refusal(job) }));
}

function jobsWord({ changes, matching }: Planning): string {
  if (matching) return 'matching';
  return changes === undefined ? 'marked' : 'selected';
}

function plannedChanges(
  changes: NonNullable<Planning['changes']>,
  { jobs, created_at }: DraftPlan,
): CardPlan['jobs'] {
  const present = new Map(jobs.map((job) => [job.id, job]));
  return changes.flatMap(({ id, change }) => {
    const job = present.get(id);
    if (job === undefined) return [];
    return [{ job, refusal: refusalOf(change, job, created_at), change }];
  });
}

function refusalOf({ name, parameters }: PlannedChange, job: JobView, asOf: Date): string | null {
  const { action } = actionOf(name);
  const refusal = actionRules[action].refusal(job);
  if (refusal !== null || Object.keys(parameters).length === 0) return refusal;
  const { settings, problems } = readParameters(action, parameters, asOf);
  if (problems.length > 0) return problems[0]!.message;
  return changesOf(job, settings).changes.length === 0 ? 'already set' : null;
}

function openPlan(
  state: State,
  planning: Planning & { name: ActionName },
  plan: DraftPlan,
  first: JobView,
): Step {
  const { name, changes, matching } = planning;
  const shown = new Set(shownIds(state));
  const target = { job: first, gone: false, as_of: plan.created_at, received_at: state.at };
  const wanted = changes === undefined ? state.marks : new Set(changes.map(({ id }) => id));
  const jobs = changes === undefined ? plannedJobs(name, plan) : plannedChanges(changes, plan);
  const some = jobs.filter(({ refusal }) => refusal === null).length;
  if (some === 0) {
    const { refusal } = jobs[0]!;
    const all = `${formatFullCount(plan.jobs.length)} ${jobsWord(planning)}`;
    return noticed(state, `none of the ${all}: ${refusal}`, 'warn');
  }
  const planned: CardPlan = {
    id: plan.id,
    created_at: plan.created_at,
    jobs,
    hidden: plan.jobs.filter(({ id }) => !shown.has(id)),
    missing: matching ? 0 : wanted.size - plan.jobs.length,
    truncated: plan.truncated,
    top: 0,
  };
  const alone = changes !== undefined && plan.jobs.length === 1;
  return cardOn(state, name, target, planned, alone ? null : String(some));
}

function shownIds({ screen, jobs, boards }: State): string[] {
  if (screen === 'risk') return listed('risk', boards.risk).map(({ key }) => key);
  return rowsOf(jobs).flatMap(({ job, unmatched }) => (unmatched ? [] : [job.id]));
}
