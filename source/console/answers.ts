import { alertsAnswered, askAlerts } from './alerts.ts';
import { chain } from './asking.ts';
import { bellsAnswered } from './bells.ts';
import { cardAnswered } from './card.ts';
import type { DataAnswer } from './effects.ts';
import { findAnswered } from './find-job.ts';
import { actAnswered, watchAnswered } from './follow.ts';
import { boardLoaded, jobLoaded, listLoaded, loadFailed, refresh } from './loading.ts';
import { dialogsAnswered } from './other-dialogs.ts';
import { tenantsAnswered } from './palette.ts';
import { askPaneAgain, paneAnswered } from './pane.ts';
import { contextAnswered, moved } from './place.ts';
import { planAnswered } from './planning.ts';
import { present } from './present.ts';
import { readerAnswered } from './reading.ts';
import { reportAnswered } from './reports.ts';
import { isRunOpen, runAnswered } from './run.ts';
import type { Asker, Question, State, Step } from './state.ts';
import { verified } from './verify.ts';

type Answered = (state: State, answer: DataAnswer, question: Question) => Step;

/** What an answer does, by who asked. The question is no longer among those in flight. */
export const answers: Readonly<Record<Asker, Answered>> = {
  jobs: screenAnswered,
  job: screenAnswered,
  board: screenAnswered,
  pane: paneAnswered,
  reader: readerAnswered,
  card: cardAnswered,
  plan: planAnswered,
  run: (state, answer) => {
    const step = runAnswered(state, answer);
    return isRunOpen(step[0]) ? step : chain(step, refresh);
  },
  act: (state, answer, question) => {
    const step = actAnswered(state, answer, question);
    return answer.type === 'acted' ? chain(step, refresh) : step;
  },
  watch: watchAnswered,
  report: reportAnswered,
  alerts: alertsAnswered,
  find: findAnswered,
  verify: verified,
  context: (state, answer) =>
    answer.type === 'opened'
      ? chain(chain(moved(state, answer.view), refresh), askAlerts)
      : contextAnswered(state, answer),
  bells: bellsAnswered,
  dialogs: dialogsAnswered,
  tenants: tenantsAnswered,
};

/** A failure counts on the screen that asked; elsewhere the jobs are only counted. */
function screenAnswered(state: State, answer: DataAnswer, question: Question): Step {
  switch (answer.type) {
    case 'jobs':
      return chain(listLoaded(state, answer.list, question), askPaneAgain);
    case 'job':
      return jobLoaded(state, answer.detail, question);
    case 'board':
      return boardLoaded(state, answer, question);
    case 'failure':
      return question.asker === present(state).asker
        ? loadFailed(state, answer.failure, question)
        : [state, []];
    default:
      return [state, []];
  }
}
