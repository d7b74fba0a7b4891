import { shortId } from '../../../domain/job/reference.ts';
import type { DiagnosedJob } from '../../../domain/triage/explanation.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { explainText } from '../../../presentation/triage/explain-text.ts';
import { actionOf } from '../../model/actions.ts';
import { ask, unasked } from '../../model/asking.ts';
import { textWidth } from '../../model/layout.ts';
import type { Reader, RecommendedAction } from '../../model/overlay.ts';
import { targetOf } from '../../model/present.ts';
import { remedyActions } from '../../model/remedy-keys.ts';
import type { State, Step } from '../../model/state.ts';
import { openCard, whyNot } from '../card/state.ts';

export function explainSelected(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { id, asset_name } = target.job;
  const reader: Reader = {
    type: 'reader',
    title: `Explain ${safeText(asset_name, { cap: 120 })} ${shortId(id)}`,
    text: 'running every check of the runbooks …',
    top: 0,
    copy: null,
    source: { type: 'explain', id },
    live: true,
    follow: false,
  };
  const free = unasked({ ...state, overlay: reader }, 'reader');
  return ask(free, 'reader', { type: 'explain-job', id });
}

export function explained(state: State, reader: Reader, diagnosed: DiagnosedJob): Reader {
  const { zone } = state.options;
  const { recommended: _, ...rest } = reader;
  const recommended = recommendedIn(diagnosed);
  return {
    ...rest,
    text: explainText(diagnosed, { width: textWidth(state.size), zone }),
    copy: explainText(diagnosed, { width: Number.POSITIVE_INFINITY, zone }),
    ...(recommended === null ? {} : { recommended }),
  };
}

function recommendedIn({
  recommendation,
  findings,
  facts,
}: DiagnosedJob): RecommendedAction | null {
  const name = recommendation && remedyActions[recommendation.action];
  if (!name || recommendation.ready === null) return null;
  const { parameters } = recommendation.ready;
  return { name, id: facts.id, parameters, checks: findings.map(({ check }) => check.name) };
}

function shownRecommendation({ overlay }: State): RecommendedAction | null {
  return overlay?.type === 'reader' ? (overlay.recommended ?? null) : null;
}

export function recommendedAction(state: State): string | null {
  const recommended = shownRecommendation(state);
  return recommended === null ? null : actionOf(recommended.name).action;
}

export function whyNoRecommended(state: State): string | null {
  const recommended = shownRecommendation(state);
  if (recommended === null) return 'no recommended action can be done from here';
  const target = targetOf(state);
  if (target?.job.id !== recommended.id) return 'the selected row is now another job';
  return whyNot(state, recommended.name, target);
}

export function openRecommended(state: State): Step {
  const recommended = shownRecommendation(state);
  const target = targetOf(state);
  if (recommended === null || target === null) return [state, []];
  return openCard(
    { ...state, verifying: { ...recommended, since: null } },
    recommended.name,
    target,
    recommended.parameters,
  );
}
