import type { Problem } from '../../errors.ts';
import { remainingPartitions } from '../forecast/eta.ts';
import type { Job } from './job.ts';
import type { JobSettings } from './settings.ts';
import { readSettings } from './settings-input.ts';
import {
  isJobState,
  isTerminal,
  refusalOf,
  type Action as Transition,
  actions as transitions,
} from './state.ts';

export const jobActions = [...transitions, 'retry', 'reclaim', 'set', 'recreate'] as const;
export type JobAction = (typeof jobActions)[number];

export function isTransition(action: JobAction): action is Transition {
  return (transitions as readonly string[]).includes(action);
}

export const parameterNames = [
  'priority',
  'deadline',
  'parallel',
  'max_attempts',
  'timeout',
] as const;
export type ParameterName = (typeof parameterNames)[number];
export type ActionParameters = Partial<Record<ParameterName, string>>;

/** `priority 8, deadline 2024-01-17T00:00:00.000Z`, as given. */
export function describeParameters(parameters: ActionParameters): string {
  return parameterNames
    .filter((name) => parameters[name] !== undefined)
    .map((name) => `${name.replace('_', '-')} ${parameters[name]}`)
    .join(', ');
}

type Actable = Pick<
  Job,
  'state' | 'total_partitions' | 'completed_partitions' | 'failed_partitions' | 'skipped_partitions'
>;

type ActionRule = {
  /** Cannot be undone: the operator types the target's name. */
  final: boolean;
  needs_reason: boolean;
  parameters: readonly ParameterName[];
  needs_parameter: boolean;
  /** Why the action is impossible on the job, as a sentence; null if it is possible. */
  refusal: (job: Actable) => string | null;
};

const plain = {
  final: false,
  needs_reason: false,
  parameters: [],
  needs_parameter: false,
} as const;

export const actionRules: Readonly<Record<JobAction, ActionRule>> = {
  pause: { ...plain, refusal: (job) => refusalOf('pause', job.state) },
  resume: { ...plain, refusal: (job) => refusalOf('resume', job.state) },
  cancel: {
    ...plain,
    final: true,
    needs_reason: true,
    refusal: (job) => refusalOf('cancel', job.state),
  },
  retry: {
    ...plain,
    refusal: (job) =>
      unknownState(job) ?? (job.failed_partitions > 0 ? null : 'no failed partitions to retry'),
  },
  reclaim: {
    ...plain,
    refusal: ({ state }) =>
      state === 'running'
        ? null
        : `only running jobs can be reclaimed; this one is ${state.replace('_', ' ')}`,
  },
  set: {
    ...plain,
    parameters: parameterNames,
    needs_parameter: true,
    refusal: ({ state }) =>
      isTerminal(state) ? `a job that has ended cannot be changed; this one is ${state}` : null,
  },
  recreate: {
    ...plain,
    final: true,
    needs_reason: true,
    parameters: parameterNames,
    refusal: (job) =>
      unknownState(job) ??
      (isTerminal(job.state) && remainingPartitions(job) + job.skipped_partitions === 0
        ? `nothing left to run: it is ${job.state}`
        : null),
  },
};

function unknownState({ state }: Actable): string | null {
  return isJobState(state) ? null : `unknown state ${state}`;
}

/**
 * The parameters as settings, and every mistake in them. A relative deadline counts from `now`, the
 * database's clock.
 */
export function readParameters(
  action: JobAction,
  parameters: ActionParameters,
  now: Date,
): { settings: JobSettings; problems: Problem[] } {
  const { parameters: known, needs_parameter } = actionRules[action];
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const problems: Problem[] = given
    .filter(([name]) => !(known as readonly string[]).includes(name))
    .map(([name]) => ({ message: `${action} does not accept ${name.replace('_', '-')}` }));
  if (needs_parameter && given.length === 0) {
    const hint = 'pass --priority, --deadline, --parallel, --max-attempts or --timeout';
    problems.push({ message: 'no setting given', hint });
  }
  return { settings: readSettings(parameters, now, problems), problems };
}
