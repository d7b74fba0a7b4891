import type { AskedChange } from '../../../domain/forecast/effects.ts';
import type { ActionParameters } from '../../../domain/job/action.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { actionOf } from '../../model/actions.ts';
import { ask, asked, unasked } from '../../model/asking.ts';
import type { DataAnswer } from '../../model/effects.ts';
import type { Card } from '../../model/overlay.ts';
import type { Question, State, Step } from '../../model/state.ts';
import { actionOfCard, parametersOf, problemOfField } from './state.ts';

/** An answer older than this is asked again while the dialog is open. */
const renewMs = 10_000;

/**
 * Asks what the action of an open dialog would change, and again when a field has changed: one
 * question at a time. The dialog works without the answer.
 */
export function askForecast([state, effects]: Step): Step {
  const { overlay: card } = state;
  if (card?.type !== 'card') return [state, effects];
  const of = questionOf(card);
  const { answer } = card.forecast;
  const known = answer?.of === of && state.at - answer.at < renewMs;
  if (of === null || known) return [state, effects];
  const token = String(card.token);
  if (asked(state, 'forecast')?.id === token) return [state, effects];
  const changes = changesOf(card);
  const free = {
    ...unasked(state, 'forecast'),
    overlay: { ...card, forecast: { asked: of, answer } },
  };
  const [next, more] = ask(free, 'forecast', { type: 'load-effects', changes }, token);
  return [next, [...effects, ...more]];
}

export function forecastAnswered(state: State, answer: DataAnswer, { id }: Question): Step {
  const { overlay: card } = state;
  // Another dialog has been opened meanwhile.
  if (card?.type !== 'card' || String(card.token) !== id) return [state, []];
  const { asked: of } = card.forecast;
  if (of === null) return [state, []];
  const failure = answer.type === 'failure' ? safeText(answer.failure.message) : null;
  const effects = answer.type === 'effects' ? answer.effects : null;
  const forecast = { asked: of, answer: { of, at: state.at, effects, failure } };
  return [{ ...state, overlay: { ...card, forecast } }, []];
}

/** The answer to the fields as they are now; null while it is not there. */
export function forecastOf(card: Card): NonNullable<Card['forecast']['answer']> | null {
  const { answer } = card.forecast;
  return answer !== null && answer.of === questionOf(card) ? answer : null;
}

/** Whether there was an answer to other fields: a new one is on its way. */
export function isRenewed(card: Card): boolean {
  return card.forecast.answer !== null && questionOf(card) !== null && forecastOf(card) === null;
}

/** The fields that decide; null if there is nothing to ask yet. */
function questionOf(card: Card): string | null {
  const { fields } = actionOfCard(card);
  if (fields.some((field) => problemOfField(card, field) !== null)) return null;
  const parameters = decisive(parametersOf(card));
  const nothing = actionOfCard(card).action === 'set' && Object.keys(parameters).length === 0;
  return nothing ? null : JSON.stringify([parameters, card.only]);
}

/** The others change no forecast. */
function decisive({ priority, deadline, parallel }: ActionParameters): ActionParameters {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(parallel === undefined ? {} : { parallel }),
  };
}

function changesOf(card: Card): AskedChange[] {
  const { action } = actionOfCard(card);
  const parameters = parametersOf(card);
  if (card.plan === null) {
    const keys = card.only === null ? {} : { keys: [card.only] };
    return [{ id: card.job.id, action, parameters, ...keys }];
  }
  return card.plan.jobs.flatMap(({ job, refusal, change }) => {
    if (refusal !== null) return [];
    if (change === undefined) return [{ id: job.id, action, parameters }];
    return [{ id: job.id, action: actionOf(change.name).action, parameters: change.parameters }];
  });
}
