import { alertsAnswered, askAlerts } from '../background/alerts.ts';
import { bellsAnswered } from '../background/bells.ts';
import { actAnswered, watchAnswered } from '../background/follow.ts';
import { contextAnswered, moved } from '../background/place.ts';
import { dialogsAnswered } from '../background/presence.ts';
import { verified } from '../background/verify.ts';
import { forecastAnswered } from '../dialogs/card/asked-forecast.ts';
import { planAnswered } from '../dialogs/card/planning.ts';
import { cardAnswered } from '../dialogs/card/state.ts';
import { tenantsAnswered } from '../dialogs/finder/palette-entries.ts';
import { reportAnswered } from '../dialogs/reader/reports.ts';
import { readerAnswered } from '../dialogs/reader/state.ts';
import { runAnswered } from '../dialogs/run/state.ts';
import { chain } from '../model/asking.ts';
import type { DataAnswer } from '../model/effects.ts';
import { present } from '../model/present.ts';
import { isRunOpen } from '../model/run-items.ts';
import type { Asker, Question, State, Step } from '../model/state.ts';
import { findAnswered } from '../screens/find-job.ts';
import { askPaneAgain, paneAnswered } from '../screens/jobs/pane-loading.ts';
import { boardLoaded, jobLoaded, listLoaded, loadFailed, refresh } from '../screens/loading.ts';

type Answered = (state: State, answer: DataAnswer, question: Question) => Step;

export const answers: Readonly<Record<Asker, Answered>> = {
  jobs: screenAnswered,
  job: screenAnswered,
  board: screenAnswered,
  pane: paneAnswered,
  reader: readerAnswered,
  card: cardAnswered,
  forecast: forecastAnswered,
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
