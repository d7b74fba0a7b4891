import { type ActionParameters, actionRules } from '../domain/job/action.ts';
import type { JobView } from '../domain/job/job.ts';
import { type ActionName, actionOf } from './actions.ts';
import type { Act } from './effects.ts';

/** An action as it is sent: bound to the job's state, version and settings as they were seen. */
export function actEffect(
  name: ActionName,
  job: JobView,
  reason: string | null,
  parameters: ActionParameters,
): Act {
  const { action } = actionOf(name);
  const { id, state, version, priority, sla_deadline_at, execution_strategy } = job;
  const told =
    actionRules[action].parameters.length === 0
      ? {}
      : { parameters, settings: { priority, sla_deadline_at, execution_strategy } };
  return { type: 'act', action, id, state, version, reason, ...told };
}

/** A reason as it was typed; null where it is blank. */
export function reasonOf(typed: string): string | null {
  return typed.trim() === '' ? null : typed.trim();
}
