import { formatMoment } from '../../../presentation/text/format.ts';
import {
  escalationReasons,
  escalationTitle,
} from '../../../presentation/triage/escalation-text.ts';
import { textReader } from '../../dialogs/reader/state.ts';
import type { State, Step } from '../../model/state.ts';

export function noEscalation({ boards }: State): string | null {
  const { data } = boards.triage;
  if (data === null) return 'still loading';
  return data.escalations.length === 0 ? 'nothing to escalate' : null;
}

export function readEscalations(state: State): Step {
  const { data } = state.boards.triage;
  if (data === null) return [state, []];
  const { as_of, escalations } = data;
  const { zone } = state.options;
  const text = escalations
    .map((escalation) =>
      [
        `${escalation.runbook}: ${escalationTitle(escalation)}`,
        ...escalationReasons(escalation, as_of, zone).map((reason) => `  ${reason}`),
        ...escalation.steps.map(({ who, task, at, due }) => {
          const when = at === null ? 'when needed' : `at ${formatMoment(at, as_of, zone)}`;
          return `  ${due ? '▲' : '·'} ${who}: ${task} (${due ? 'due' : when})`;
        }),
      ].join('\n'),
    )
    .join('\n\n');
  return [{ ...state, overlay: textReader('Escalation', text, text) }, []];
}
