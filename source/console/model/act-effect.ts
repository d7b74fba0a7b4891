import { type ActionParameters, actionRules } from '../../domain/job/action.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type ActionName, actionOf } from './actions.ts';
import type { Act } from './effects.ts';

export function actEffect(
  name: ActionName,
  job: JobView,
  reason: string | null,
  parameters: ActionParameters,
): Act {
  const { action } = actionOf(name);
  const { id, state, version, priority, sla_deadline_at, execution_strategy } = job;
  const settings =
    actionRules[action].parameters.length === 0
      ? {}
      : { parameters, settings: { priority, sla_deadline_at, execution_strategy } };
  return { type: 'act', action, id, state, version, reason, ...settings };
}

export function reasonOf(typed: string): string | null {
  return typed.trim() === '' ? null : typed.trim();
}
